"""The tensors of a TorchScript archive, such as OpenAI's CLIP files; its code is never loaded.

An archive is a zip: `data.pkl` is a pickle of the module tree, whose tensors point to the raw storages `data/0`, `data/1`, ...
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tldr_search.backbones.checkpoints.reading import DamagedError, RefusedError

_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_LISTS = ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist")


class _Storage(NamedTuple):
    data: bytearray
    dtype: torch.dtype


class _Module:
    """Stands in for a scripted module or object: its attributes, no behaviour."""

    attributes: dict[str, Any] | None = None

    def __setstate__(self, state: object) -> None:
        self.attributes = state if isinstance(state, dict) else None


def is_torchscript(path: Path) -> bool:
    """Whether `path` is an archive of `torch.jit.save`."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def read_torchscript(path: Path) -> dict[str, Tensor]:
    """All tensors of the module tree under their dotted names.

    `RefusedError` if the archive would run code, anything else if it cannot be read.
    """
    with zipfile.ZipFile(path) as archive:
        found = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
        if found is None:
            raise DamagedError("it has no data.pkl")
        return dict(_tensors(_Reader(archive, found.removesuffix("data.pkl")).load(), ""))


def _tensors(content: object, prefix: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(content, Tensor):
        yield prefix.removesuffix("."), content
    elif isinstance(content, _Module) and content.attributes is not None:
        for name, value in dict.items(content.attributes):  # a crafted dict can have attributes named as its methods
            yield from _tensors(value, f"{prefix}{name}.")


class _Reader(pickle.Unpickler):
    """Calls nothing but the few functions below; each is made anew, so that a pickle which changes its attributes changes nothing."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}data.pkl")))
        self._archive, self._root = archive, root
        self._storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a class or function that the pickle names."""
        if module == "__torch__" or module.startswith("__torch__."):
            return type("Scripted", (_Module,), {})
        found = _known(module, name)
        if found is None:
            raise RefusedError(f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> _Storage:
        """A storage: ("storage", dtype, key, device, count); each is read once."""
        kind, dtype, key, _, _ = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError(f"persistent id {pid!r}")
        if key not in self._storages:
            self._storages[key] = _Storage(bytearray(self._archive.read(f"{self._root}data/{key}")), dtype)
        return self._storages[key]


def _known(module: str, name: str) -> Callable[..., Any] | type | torch.dtype | None:
    if module == "torch":
        return _DTYPES.get(name)
    if (module, name) == ("collections", "OrderedDict"):
        return OrderedDict
    if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
        return lambda storage, offset, size, stride, *_: _tensor(storage, offset, size, stride)
    if module == "torch.jit._pickle" and name in _LISTS:
        return lambda values: values
    if (module, name) == ("torch.jit._pickle", "restore_type_tag"):
        return lambda value, _: value
    return None


def _tensor(storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    if prod(size) == 0:
        return torch.empty(size, dtype=storage.dtype)
    return torch.frombuffer(storage.data, dtype=storage.dtype).as_strided(size, stride, offset)
