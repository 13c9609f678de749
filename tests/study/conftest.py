"""Makes `landscape` importable, and studies small."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tldr_search.config import StudyConfig, default_study

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., StudyConfig]:
    """A study of two methods at three rungs, by a sampler that costs nothing; fields can be replaced."""

    def build(**fields: object) -> StudyConfig:
        few = {"methods": ["tome", "sta"], "ladder": ["125gflops", "240gflops"], "trials": 6, "rung_trials": 2}
        few |= {"sampler": "random", "probes": False}
        return default_study(**{**few, "out": str(tmp_path / "run"), **fields})

    return build
