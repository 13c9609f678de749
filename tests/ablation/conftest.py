"""Makes `made_up` importable, and ablations of the embedded default in a directory of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tldr_search.config import AblationConfig, to_ablate

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., AblationConfig]:
    """Fields can be replaced."""

    def build(what: str = "where", **fields: object) -> AblationConfig:
        return to_ablate(**{"what": what, "out": str(tmp_path / what), **fields})

    return build
