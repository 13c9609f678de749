"""What `torch.save` wrote, read by torch's weights-only unpickler, with inert stand-ins for what training puts beside the weights."""

from __future__ import annotations

import pickle
import re
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, Self

import torch

BROKEN = (
    RuntimeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
    OSError,
    struct.error,
    zipfile.BadZipFile,
)
"""What reading a damaged file raises."""


class Inert:
    """Stands in for an object that is not needed: takes anything, keeps nothing."""

    def __new__(cls, *_: object) -> Self:
        """Whatever its constructor was called with."""
        return super().__new__(cls)

    def __setstate__(self, _: object) -> None:
        """Whatever its state was."""


_MAPPINGS = (
    "addict.addict.Dict",
    "easydict.EasyDict",
    "fvcore.common.config.CfgNode",
    "mmcv.utils.config.ConfigDict",
    "mmengine.config.config.ConfigDict",
    "utils.easydict.EasyDict",
    "yacs.config.CfgNode",
)
"""Configurations that are dicts; the unpickler fills only dicts of its own, so they become ordered ones."""
_OBJECTS = (
    "argparse.Namespace",
    "mmcv.utils.config.Config",
    "mmengine.config.config.Config",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.dtype",
    "numpy.ndarray",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib._local.PosixPath",
    "pathlib._local.WindowsPath",
)
"""Everything else found in published files. Their own classes are never looked up."""
STAND_INS: list[Any] = [(OrderedDict, name) for name in _MAPPINGS] + [(Inert, name) for name in _OBJECTS]


def read_pickle(path: Path) -> object:
    """The content of a file of `torch.save`, old or new; `ValueError` if it would run code or cannot be read."""
    try:
        with torch.serialization.safe_globals(STAND_INS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if _is_pickled(path):
            raise refusal(path, _asked_for(error)) from error
        raise unreadable(path, "no zip archive and no pickle") from error
    except BROKEN as error:
        raise unreadable(path, error) from error


def refusal(path: Path, asked_for: str) -> ValueError:
    """For a file that holds more than tensors; `asked_for` is what it wanted to call, empty if that is not known."""
    wanted = f" ({asked_for})" if asked_for else ""
    return ValueError(
        f"checkpoint {str(path)!r} holds more than tensors{wanted} and is not loaded, because that could run code; "
        "a file with the weights alone (torch.save of a state dict, or .safetensors) would be accepted"
    )


def unreadable(path: Path, why: object) -> ValueError:
    """For a damaged file, or one of another kind."""
    reason = " ".join(str(why).split())[:300]
    return ValueError(
        f"checkpoint {str(path)!r} is no readable checkpoint: {reason}; what torch.save or safetensors wrote would be accepted"
    )


def _asked_for(error: pickle.UnpicklingError) -> str:
    found = re.search(r"GLOBAL (\S+)", str(error))
    return found[1] if found else ""


def _is_pickled(path: Path) -> bool:
    """Pickles of protocol 2 and later begin with 0x80, zip archives with PK."""
    with path.open("rb") as file:
        return file.read(2)[:1] == b"\x80" or zipfile.is_zipfile(path)
