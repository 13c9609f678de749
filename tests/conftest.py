"""Fixtures for all tests."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent))  # for `references`
ROOT = Path(__file__).parent / "golden"
if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores, and so do the commands that they start
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)


class Golden(NamedTuple):
    case: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def weights(self) -> dict[str, Tensor]:
        return {name.removeprefix("weights."): value for name, value in self.tensors.items() if name.startswith("weights.")}

    @property
    def overrides(self) -> dict[str, Any]:
        fields = dict(self.case["geometry"])
        return {"dim": fields.pop("embed_dim"), "heads": fields.pop("num_heads"), **fields}


@pytest.fixture(scope="session", autouse=True)
def frames_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither find nor leave decoded frames in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TLDR_SEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("TLDR_SEARCH_DATA", raising=False)
        yield


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Golden]:
    """Reads a case of the published implementations (tests/golden)."""

    def read(name: str) -> Golden:
        return Golden(json.loads((ROOT / name / "case.json").read_text()), load_file(ROOT / name / "tensors.safetensors"))

    return read


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs an accelerator is skipped where there is none."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
