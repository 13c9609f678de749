"""A reduced encoder as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tldr_search.backbones.architectures import PACKAGED, RANDOM, architecture
from tldr_search.backbones.chosen import settled
from tldr_search.backbones.hub_id import is_hub_id
from tldr_search.commands.row import Row
from tldr_search.preflight import made
from tldr_search.reducers import get_method
from tldr_search.winners import Scheduled, read

if TYPE_CHECKING:
    from tldr_search.export import Exported
    from tldr_search.reduced import Reduced


class Asked(NamedTuple):
    """Which model."""

    model: str
    """Its name."""
    fields: dict[str, int]
    """Of its architecture that are not as in its row."""


def export(
    out: Path,
    schedule: Scheduled,
    method: str | None = None,
    model: str | None = None,
    checkpoint: str | None = None,
    frames: int | None = None,
    num_classes: int | None = None,
    batch_size: int = 1,
    check: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> Row:
    """Writes the encoder `model` (by default the one that the `best.yaml` was evaluated on) with its schedule to `out`."""
    given = (("frames", frames), ("num_classes", num_classes))
    asked = _asked(model, method, schedule, {name: value for name, value in given if value is not None})
    from tldr_search.export import export as write
    from tldr_search.export.formats import check_format, check_number
    from tldr_search.reduced import load_backbone

    check_format(out)
    check_number(batch_size)
    _check(asked, method, schedule)
    with made(out.resolve().parent):
        if _is_there(asked.model, checkpoint):
            tell(f"loading {asked.model}")
        reduced = load_backbone(asked.model, checkpoint, method or "none", schedule=schedule, **asked.fields)
        exported = write(reduced, out, batch_size, check, tell)
    return {
        **_written(reduced, exported),
        "schedule_from": str(schedule) if isinstance(schedule, str | Path) else None,
        **_checked(exported, check),
    }


def _asked(model: str | None, method: str | None, schedule: Scheduled, fields: dict[str, int]) -> Asked:
    """`ValueError` if there is no model or no method, and no file that says it."""
    if isinstance(schedule, str | Path):
        found = read(schedule)
        name = model or found.model
        return Asked(name, {**(found.overrides if name == found.cost_model else {}), **fields})
    if model is None:
        raise ValueError("no model; --model with one of `list models`, or the best.yaml of a study, would be accepted")
    if any(schedule) and method is None:
        raise ValueError(f"schedule {','.join(map(str, schedule))} without a method; --method vid-tldr, tome or sta would be accepted")
    return Asked(model, fields)


def _check(asked: Asked, method: str | None, schedule: Scheduled) -> None:
    """`ValueError` if there is no such model or method, or if the schedule is impossible for them."""
    arch = architecture(asked.model, **asked.fields)
    chosen = settled(arch, method or "none", schedule)
    get_method(chosen.method).full(chosen.schedule, arch.geometry)


def _is_there(model: str, checkpoint: str | None) -> bool:
    """Whether there is something to load; otherwise loading says why not."""
    if checkpoint is None:
        return model in PACKAGED
    return checkpoint == RANDOM or Path(checkpoint).exists() or is_hub_id(checkpoint)


def _written(reduced: Reduced, exported: Exported) -> Row:
    return {
        "files": [str(path) for path in exported.paths],
        "bytes": exported.num_bytes,
        "model": reduced.model,
        "method": reduced.method,
        "schedule": list(reduced.schedule),
        "gflops": reduced.gflops,
        "inputs": {name: list(shape) for name, shape in exported.inputs.items()},
        "outputs": {name: list(shape) for name, shape in exported.outputs.items()},
        "metadata": exported.metadata,
    }


def _checked(exported: Exported, check: bool) -> Row:
    from tldr_search.export.agreement import TOLERANCE

    agreement, unrun = exported.agreement, "nothing here runs it; `pip install onnxruntime` would be accepted"
    return {
        "checked": None if agreement is None else agreement._asdict(),
        "tolerance": TOLERANCE,
        "unchecked": None if agreement else unrun if check else "as asked",
    }
