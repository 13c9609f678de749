"""Fixtures for all tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from safetensors.torch import load_file
from torch import Tensor

ROOT = Path(__file__).parent / "golden"


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


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Golden]:
    """Reads a case of the published implementations (tests/golden)."""

    def read(name: str) -> Golden:
        return Golden(json.loads((ROOT / name / "case.json").read_text()), load_file(ROOT / name / "tensors.safetensors"))

    return read
