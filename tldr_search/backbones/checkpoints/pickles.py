"""What `torch.save` wrote, read by torch's weights-only unpickler, with inert stand-ins for what training puts beside the weights."""

from __future__ import annotations

import pickle
import pickletools
import re
import textwrap
from collections import OrderedDict
from pathlib import Path
from typing import Any, Self

import torch

from tldr_search.backbones.checkpoints.reading import LONGEST, DamagedError, RefusedError, one_line


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
_OF_TENSORS = ("torch ", "torch._utils ", "torch.storage ", "collections ")
"""Modules that every saved tensor names, as text pickles write them."""
STAND_INS: list[Any] = [(OrderedDict, name) for name in _MAPPINGS] + [(Inert, name) for name in _OBJECTS]


def read_pickle(path: Path) -> object:
    """The content of a file of `torch.save`, old or new; `RefusedError` if it would run code, anything else if it cannot be read."""
    try:
        with torch.serialization.safe_globals(STAND_INS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        message = str(error) if isinstance(error, pickle.UnpicklingError) else ""
        begins_well = _begins_well(path)
        if asked_for := _function(message) or (_opcode(message) if begins_well else _protocol_0(path)):
            raise RefusedError(asked_for) from error
        if not begins_well:
            raise DamagedError("no zip archive and no pickle") from error
        if message:
            raise DamagedError(_plain(message)) from error
        raise


def _function(message: str) -> str:
    """The function or class that a pickle named, from what torch says of it; empty if there is none."""
    found = re.search(
        r"GLOBAL (\S+) (?:was|whose)|unrecognized function (.+)|Can only (?:create new object|build) .* but got (.+)", message
    )
    return next(filter(None, found.groups())) if found else ""


def _opcode(message: str) -> str:
    """The instruction that is refused; empty if it is none of any pickle, and so a sign of damage."""
    found = re.search(r"Unsupported operand (\d+)", message)
    known = pickletools.code2op.get(chr(int(found[1]))) if found else None  # type: ignore[attr-defined]  # not in the stubs
    return f"opcode {known.name}" if known else ""


def _protocol_0(path: Path) -> str:
    """The first function or class besides those of tensors that a pickle of the oldest form, plain text, names; else empty."""
    found = ""
    try:
        with path.open("rb") as file:
            for opcode, argument, _ in pickletools.genops(file):  # takes it apart, runs nothing
                if opcode.name in ("GLOBAL", "INST") and not found and not str(argument).startswith(_OF_TENSORS):
                    found = str(argument).replace(" ", ".")
    except Exception:  # it is any text
        return ""
    return found


def _plain(message: str) -> str:
    """What the unpickler itself said, without torch's advice to read the file in the unsafe way."""
    said = one_line(message.rpartition("WeightsUnpickler error:")[2].partition("Check the documentation")[0])
    return "torch cannot read it as weights alone" if "weights_only" in said else textwrap.shorten(said, LONGEST, placeholder=" ...")


def _begins_well(path: Path) -> bool:
    """Pickles of protocol 2 and later begin with 0x80, zip archives with PK."""
    with path.open("rb") as file:
        return file.read(2).startswith((b"PK", b"\x80"))
