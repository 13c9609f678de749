"""The formats: torch.export's own, and ONNX. Each writes a traced model, and loads what was written."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.export import ExportedProgram

from tldr_search.export.traced import INPUT

OPSET = 18
"""Of ONNX: the first one whose operators reduce as ours do, which all current runtimes know."""
LARGEST = 2**31 - 2**24
"""Bytes that fit into one ONNX file (a protobuf message is smaller than 2 GiB), with room for the graph."""
METADATA = "tldr_search.json"
"""Its name among the extra files of a .pt2."""

Run = Callable[[Tensor], dict[str, Tensor]]
"""A written model: clips -> outputs by name."""


class Format(NamedTuple):
    """A way to write a model."""

    write: Callable[[ExportedProgram, Tensor, Sequence[str], Path, dict[str, str]], None]
    """(traced model, the clips that it was traced with, names of the outputs, file, metadata)."""
    load: Callable[[Path], Run | None]
    """Of the file; None if there is nothing here that runs it."""
    packages: tuple[str, ...]
    """That writing needs."""


def check_format(path: Path) -> None:
    """`ValueError` if there is no such format, if it cannot be written here, or if there is a directory in its place."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"out: {str(path)!r} ends in {suffix!r}; {' or '.join(FORMATS)} would be accepted")
    if path.is_dir():
        raise ValueError(f"out: {str(path)!r} is a directory; a file's name would be accepted")
    if missing := [name for name in FORMATS[suffix].packages if find_spec(name) is None]:
        accepted = "pip install 'tldr-search[export]', or a name that ends in .pt2, would be accepted"
        raise ValueError(f"out: {suffix} needs {' and '.join(missing)}, not installed here; {accepted}")


def check_number(batch_size: int) -> None:
    """`ValueError` unless that many clips can be taken at a time."""
    if batch_size < 1:
        raise ValueError(f"batch size {batch_size}; a whole number from 1 would be accepted")


def _write_pt2(program: ExportedProgram, video: Tensor, outputs: Sequence[str], path: Path, metadata: dict[str, str]) -> None:
    content = io.BytesIO()  # torch's own writer of files ends the process when the disk is full
    torch.export.save(program, content, extra_files={METADATA: json.dumps(metadata)})
    path.write_bytes(content.getbuffer())


def _load_pt2(path: Path) -> Run:
    return torch.export.load(path).module()


def _write_onnx(program: ExportedProgram, video: Tensor, outputs: Sequence[str], path: Path, metadata: dict[str, str]) -> None:
    with _quiet():
        converted = torch.onnx.export(
            program,
            (video,),
            dynamo=True,
            input_names=[INPUT],
            output_names=outputs,
            opset_version=OPSET,
            custom_translation_table={torch.ops.aten.sort.stable: _stable_sort},
            verbose=False,
        )
        assert converted is not None
        converted.model.metadata_props.update(metadata)
        converted.save(path, external_data=_num_bytes(program) > LARGEST)


def _stable_sort(x: Any, stable: bool = False, dim: int = -1, descending: bool = False) -> Any:
    """`torch.sort`, whose stable form the exporter does not know: TopK of all, which puts the lower position first among equals."""
    operators = import_module("onnxscript").opset18
    return operators.TopK(x, operators.Constant(value_ints=[x.shape[dim]]), axis=dim, largest=int(descending), sorted=1)


def _num_bytes(program: ExportedProgram) -> int:
    return sum(value.nbytes for value in (*program.state_dict.values(), *program.constants.values()) if isinstance(value, Tensor))


def _load_onnx(path: Path) -> Run | None:
    if find_spec("onnxruntime") is None:
        return None
    session = import_module("onnxruntime").InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(video: Tensor) -> dict[str, Tensor]:
        found = session.run(names, {INPUT: video.numpy()})
        return {name: torch.from_numpy(value) for name, value in zip(names, found, strict=True)}

    return run


@contextmanager
def _quiet() -> Iterator[None]:
    """What the exporter says of itself is not for its users; what goes wrong is an error."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


FORMATS = {
    ".pt2": Format(_write_pt2, _load_pt2, ()),
    ".onnx": Format(_write_onnx, _load_onnx, ("onnx", "onnxscript")),
}
"""By the suffix of the file."""
