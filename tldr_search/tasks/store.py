"""Finished batches on disk: what an interrupted evaluation goes on from, and what does not fit in memory between two passes."""

from __future__ import annotations

import fcntl
from collections.abc import Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir, mkdtemp
from typing import TextIO

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tldr_search.files import no_empty, write_whole

PREFIX, LOCK = "tldr_search-scratch-", "lock"
"""Of temporary directories, and the file in each that its process has locked."""


class Store:
    """One file per stage and batch, complete or absent; ranks write different batches."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, stage: str, batch: int, tensors: Mapping[str, Tensor]) -> None:
        """Keeps the tensors of one batch."""
        path = self._path(stage, batch)
        content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
        with no_empty(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)

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
    """Stores of evaluations in parts, as long as a further part may be asked for: of one evaluation at a time, and of some for good.

    They are in one temporary directory, which is locked as long as its process lives: what a killed one left is removed by the next.
    """

    def __init__(self) -> None:
        self._for_good: dict[Hashable, Path] = {}
        self._passing: dict[Hashable, Path] = {}
        self._root: TemporaryDirectory[str] | None = None
        self._lock: TextIO | None = None

    def of(self, evaluation: Hashable, *, for_good: bool) -> Store:
        """Where its finished batches are; unless it is there `for_good`, what was finished of the one before it is gone."""
        kept = self._for_good if for_good else self._passing
        if evaluation not in kept:
            if not for_good:
                _clean_up(kept)
            kept[evaluation] = Path(mkdtemp(dir=self._open()))
        return Store(kept[evaluation])

    def close(self) -> None:
        """Nothing is left."""
        self._for_good.clear()
        self._passing.clear()
        if self._root and self._lock:
            self._root.cleanup()
            self._lock.close()
        self._root = self._lock = None

    def _open(self) -> str:
        if self._root is None:
            _remove_orphans()
            self._root = TemporaryDirectory(prefix=PREFIX)
            self._lock = _locked(Path(self._root.name))
        return self._root.name


def _locked(directory: Path) -> TextIO:
    """A file that is locked already when it gets its name."""
    file = (directory / f"{LOCK}.new").open("w")
    with suppress(OSError):  # a disk without locks: nobody removes the directory of a killed process
        fcntl.flock(file, fcntl.LOCK_EX)
        (directory / f"{LOCK}.new").rename(directory / LOCK)
    return file


def _remove_orphans() -> None:
    for directory in Path(gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), (directory / LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # an error where its process lives
            rmtree(directory, ignore_errors=True)


def _clean_up(directories: dict[Hashable, Path]) -> None:
    for directory in directories.values():
        rmtree(directory, ignore_errors=True)
    directories.clear()
