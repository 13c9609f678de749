"""Where weights come from: a file, a Hugging Face directory, or a hub id."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from safetensors.torch import load_file
from torch import Tensor

from tldr_search.backbones.checkpoints.config import read_object
from tldr_search.backbones.checkpoints.hub import download
from tldr_search.backbones.checkpoints.misfits import summary
from tldr_search.backbones.checkpoints.pickles import read_pickle
from tldr_search.backbones.checkpoints.reading import DamagedError, one_line, quoted, reading, reason
from tldr_search.backbones.checkpoints.torchscript import is_torchscript, read_torchscript
from tldr_search.backbones.hub_id import is_hub_id

State = dict[str, Tensor]
CONTAINERS = ("model", "module", "state_dict")
"""Where training scripts put the weights in a file, in the order in which they are looked up."""
WHOLE = ("model.safetensors", "pytorch_model.bin")
"""The weights in a Hugging Face directory, best first; big ones are cut in several files, listed in `<name>.index.json`."""


class Content(NamedTuple):
    """What is in one file."""

    tensors: State
    """Floats as float32."""
    others: tuple[str, ...] = ()
    """Names of what is beside them and no tensor."""


class Checkpoint(NamedTuple):
    """What was read."""

    state: State
    """Name in the file -> parameter; floats as float32, on the CPU."""
    origin: str
    """What the user gave, for messages."""
    config: Path | None = None
    """`config.json` beside the weights, if there is one."""
    others: tuple[str, ...] = ()
    """Names beside the parameters that are no tensors (epoch, vocab_size)."""


def read_state(path: Path | str) -> State:
    """Tensors of a checkpoint under their names in it, floats as float32, on the CPU; errors as `read_checkpoint`."""
    return read_checkpoint(path).state


def read_checkpoint(source: Path | str) -> Checkpoint:
    """A `.safetensors` file, anything `torch.save` wrote, a TorchScript archive, a Hugging Face directory or hub id ("owner/name").

    `ValueError` if it is missing, unreadable, holds more than tensors, or no parameters.
    """
    path = Path(source)
    if not str(source) or not _exists(path):
        if not isinstance(source, str) or not is_hub_id(source):
            raise ValueError(f"checkpoint {quoted(source)}: no such file; a file, a directory or a hub id (owner/name) would be accepted")
        path = download(source)
    content = _read_directory(path) if path.is_dir() else _read_file(path)
    if not content.tensors:
        accepted = f"a mapping of names to tensors, alone or under {', '.join(CONTAINERS)}, would be accepted"
        raise ValueError(f"checkpoint {quoted(source)} holds no parameters; {accepted}")
    config = (path if path.is_dir() else path.parent) / "config.json"
    return Checkpoint(content.tensors, str(source), config if config.is_file() else None, content.others)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError) as error:  # too long a name, a directory that may not be looked into, a NUL
        raise ValueError(f"checkpoint {quoted(path)} cannot be looked up: {reason(error)}; a file that exists would be accepted") from error


def _read_directory(path: Path) -> Content:
    for name in WHOLE:
        if (path / name).is_file():
            return _read_file(path / name)
        if (path / f"{name}.index.json").is_file():
            return _read_parts(path / f"{name}.index.json")
    wanted = " or ".join(f"{name}[.index.json]" for name in WHOLE)
    raise ValueError(f"checkpoint {quoted(path)}: no weights in this directory; {wanted} would be accepted")


def _read_parts(index: Path) -> Content:
    listed = read_object(index).get("weight_map")
    if not isinstance(listed, dict) or not all(isinstance(name, str) and Path(name).name == name for name in listed.values()):
        raise ValueError(
            f"checkpoint {quoted(index)} lists no weights; a weight_map of parameter names to files beside it would be accepted"
        )
    parts = [_read_file(index.parent / name) for name in sorted(set(listed.values()))]
    tensors = {name: value for part in parts for name, value in part.tensors.items()}
    if absent := listed.keys() - tensors.keys():
        raise ValueError(f"checkpoint {quoted(index)}: {one_line(', '.join(summary(absent)))} are listed, but in none of the files")
    return Content(tensors, tuple(name for part in parts for name in part.others))


def _read_file(path: Path) -> Content:
    with reading(path):
        if not path.is_file():  # a device or a pipe might never end
            raise FileNotFoundError(path)
        content = _content(path)
        # a tensor can come with attributes named as its methods; a detached one has none
        tensors = {name: Tensor.detach(value) for name, value in content.tensors.items()}
        return content._replace(tensors={name: x.float() if x.is_floating_point() else x for name, x in tensors.items()})


def _content(path: Path) -> Content:
    with path.open("rb") as file:
        if not file.read(1):
            raise DamagedError("it is empty")
    if path.suffix == ".safetensors":
        return Content(dict(load_file(path)))
    return Content(read_torchscript(path)) if is_torchscript(path) else _unwrap(read_pickle(path))


def _unwrap(content: object) -> Content:
    """The parameters in what a pickle holds. A crafted dict can have attributes named as its methods, hence `dict.get`."""
    if not isinstance(content, dict):
        return Content({})
    for key in CONTAINERS:
        if isinstance(inner := dict.get(content, key), dict):
            return _unwrap(inner)
    tensors = {name: value for name, value in dict.items(content) if isinstance(name, str) and isinstance(value, Tensor)}
    return Content(tensors, tuple(name if isinstance(name, str) else repr(name) for name in dict.keys(content) if name not in tensors))
