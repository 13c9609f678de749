"""A reduced encoder as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tldr_search.commands.row import Row
from tldr_search.preflight import make_writable
from tldr_search.winners import Scheduled, read


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
    fields: dict[str, Any] = {name: value for name, value in given if value is not None}
    if isinstance(schedule, str | Path):
        found = read(schedule)
        model = model or found.model
        fields = {**(found.overrides if model == found.cost_model else {}), **fields}
    elif model is None:
        raise ValueError("no model; --model with one of `list models`, or the best.yaml of a study, would be accepted")
    elif any(schedule) and method is None:
        raise ValueError(f"schedule {','.join(map(str, schedule))} without a method; --method vid-tldr, tome or sta would be accepted")
    from tldr_search.export import export as write
    from tldr_search.export.agreement import TOLERANCE
    from tldr_search.export.formats import check_format
    from tldr_search.reduced import load_backbone

    check_format(out)
    make_writable(out.parent)
    tell(f"loading {model}")
    reduced = load_backbone(model, checkpoint, method or "none", schedule=schedule, **fields)
    exported = write(reduced, out, batch_size, check, tell)
    agreement = exported.agreement
    unrun = "nothing here runs it; `pip install onnxruntime` would be accepted"
    return {
        "files": [str(path) for path in exported.paths],
        "bytes": exported.num_bytes,
        "model": reduced.model,
        "method": reduced.method,
        "schedule": list(reduced.schedule),
        "schedule_from": str(schedule) if isinstance(schedule, str | Path) else None,
        "gflops": reduced.gflops,
        "inputs": {name: list(shape) for name, shape in exported.inputs.items()},
        "outputs": {name: list(shape) for name, shape in exported.outputs.items()},
        "metadata": exported.metadata,
        "checked": None if agreement is None else agreement._asdict(),
        "tolerance": TOLERANCE,
        "unchecked": None if agreement else unrun if check else "as asked",
    }
