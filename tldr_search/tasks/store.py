"""Finished batches on disk: what an interrupted evaluation goes on from, and what does not fit in memory between two passes."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


class Store:
    """One file per stage and batch, complete or absent; ranks write different batches."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, stage: str, batch: int, tensors: Mapping[str, Tensor]) -> None:
        """Keeps the tensors of one batch."""
        path = self._path(stage, batch)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, partial)
        partial.replace(path)

    def forget(self, batch: int) -> None:
        """All stages of one batch."""
        for path in self._directory.glob(f"*/{batch:06d}.safetensors"):
            path.unlink(missing_ok=True)

    def batches(self, stage: str) -> frozenset[int]:
        """The finished ones."""
        return frozenset(int(path.stem) for path in (self._directory / stage).glob("*.safetensors"))

    def get(self, stage: str, batch: int, name: str) -> Tensor:
        """A tensor of a finished batch; `ValueError` if the file is damaged."""
        return self._read(stage, batch, name, None)

    def row(self, stage: str, batch: int, name: str, row: int) -> Tensor:
        """One row of it, without reading the others."""
        return self._read(stage, batch, name, row)

    def _read(self, stage: str, batch: int, name: str, row: int | None) -> Tensor:
        path = self._path(stage, batch)
        try:
            with safe_open(path, framework="pt") as file:
                tensor: Tensor = file.get_tensor(name) if row is None else file.get_slice(name)[row]
                return tensor.clone() if row is not None else tensor
        except SafetensorError as error:
            raise ValueError(f"{path} is damaged ({error}); delete it, and it is computed again") from error

    def _path(self, stage: str, batch: int) -> Path:
        return self._directory / stage / f"{batch:06d}.safetensors"


class Scratch:
    """Stores of evaluations in parts, as long as a further part may be asked for: of one evaluation at a time, and of some for good."""

    def __init__(self) -> None:
        self._for_good: dict[Hashable, TemporaryDirectory[str]] = {}
        self._passing: dict[Hashable, TemporaryDirectory[str]] = {}

    def of(self, evaluation: Hashable, *, for_good: bool) -> Store:
        """Where its finished batches are; unless it is there `for_good`, what was finished of the one before it is gone."""
        kept = self._for_good if for_good else self._passing
        if evaluation not in kept:
            if not for_good:
                _clean_up(kept)
            kept[evaluation] = TemporaryDirectory(prefix="tldr_search-")
        return Store(Path(kept[evaluation].name))

    def close(self) -> None:
        """Nothing is left."""
        _clean_up(self._for_good)
        _clean_up(self._passing)


def _clean_up(directories: dict[Hashable, TemporaryDirectory[str]]) -> None:
    for directory in directories.values():
        directory.cleanup()
    directories.clear()
