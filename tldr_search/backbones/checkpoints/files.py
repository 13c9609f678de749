"""Where weights come from: a file, a Hugging Face directory, or a hub id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from tldr_search.backbones.checkpoints.config import read_object
from tldr_search.backbones.checkpoints.hub import download
from tldr_search.backbones.checkpoints.pickles import read_pickle, unreadable
from tldr_search.backbones.checkpoints.torchscript import is_torchscript, read_torchscript

State = dict[str, Tensor]
CONTAINERS = ("model", "module", "state_dict")
"""Where training scripts put the weights in a file, in the order in which they are looked up."""
WHOLE = ("model.safetensors", "pytorch_model.bin")
"""The weights in a Hugging Face directory, best first; big ones are cut in several files, listed in `<name>.index.json`."""
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FILE_ENDINGS = (".pth", ".pt", ".pyth", ".bin", ".ckpt", ".pkl", ".tar", ".safetensors")


class Checkpoint(NamedTuple):
    """What was read."""

    state: State
    """Name in the file -> parameter; floats as float32, on the CPU."""
    origin: str
    """What the user gave, for messages."""
    config: Path | None = None
    """`config.json` beside the weights, if there is one."""


def read_state(path: Path | str) -> State:
    """Parameters of a checkpoint under their names in it, floats as float32, on the CPU; errors as `read_checkpoint`."""
    return read_checkpoint(path).state


def read_checkpoint(source: Path | str) -> Checkpoint:
    """A `.safetensors` file, anything `torch.save` wrote, a TorchScript archive, a Hugging Face directory or hub id ("owner/name").

    `ValueError` if it is missing, unreadable, holds more than tensors, or no parameters.
    """
    path = Path(source)
    if not path.exists():
        if not isinstance(source, str) or not _HUB_ID.fullmatch(source) or path.suffix in _FILE_ENDINGS:
            raise ValueError(f"checkpoint {str(source)!r}: no such file; a file, a directory or a hub id (owner/name) would be accepted")
        path = download(source)
    state = _read_directory(path) if path.is_dir() else _read_file(path)
    if not state:
        accepted = f"a mapping of names to tensors, alone or under {', '.join(CONTAINERS)}, would be accepted"
        raise ValueError(f"checkpoint {str(source)!r} holds no parameters; {accepted}")
    config = (path if path.is_dir() else path.parent) / "config.json"
    floats = {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
    return Checkpoint(floats, str(source), config if config.is_file() else None)


def _read_directory(path: Path) -> State:
    for name in WHOLE:
        if (path / name).is_file():
            return _read_file(path / name)
        if (path / f"{name}.index.json").is_file():
            return _read_parts(path / f"{name}.index.json")
    wanted = " or ".join(f"{name}[.index.json]" for name in WHOLE)
    raise ValueError(f"checkpoint {str(path)!r}: no weights in this directory; {wanted} would be accepted")


def _read_parts(index: Path) -> State:
    listed = read_object(index).get("weight_map")
    if not isinstance(listed, Mapping) or not all(isinstance(name, str) and Path(name).name == name for name in listed.values()):
        raise ValueError(
            f"checkpoint {str(index)!r} lists no weights; a weight_map of parameter names to files beside it would be accepted"
        )
    state: State = {}
    for name in sorted(set(listed.values())):
        state |= _read_file(index.parent / name)
    if absent := sorted(set(listed) - set(state)):
        raise ValueError(f"checkpoint {str(index)!r}: {', '.join(absent)} are listed, but in none of the files")
    return state


def _read_file(path: Path) -> State:
    if not path.is_file():
        raise ValueError(f"checkpoint {str(path)!r}: no such file")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return read_torchscript(path) if is_torchscript(path) else _unwrap(read_pickle(path))


def _read_safetensors(path: Path) -> State:
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error) from error


def _unwrap(content: object) -> State:
    """The parameters in what a file holds; empty if there are none."""
    if not isinstance(content, Mapping):
        return {}
    for key in CONTAINERS:
        if isinstance(content.get(key), Mapping):
            return _unwrap(content[key])
    tensors = {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}
    return tensors if len(tensors) == len(content) else {}
