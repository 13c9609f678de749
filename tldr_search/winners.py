"""`best.yaml` of a study, read: schedules to take home. Never imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tldr_search.names import brief, near
from tldr_search.schedule import LARGEST, Schedule

SUFFIXES = (".yaml", ".yml")
OVERRIDES = ("frames", "num_classes")
"""What a study writes of a shape: fields of an architecture, all of them whole numbers."""
Scheduled = Sequence[int] | str | Path
"""What is accepted in the place of a schedule: numbers, or the name of a `best.yaml`."""


class Winner(NamedTuple):
    """The schedule that a study chose for a method."""

    method: str
    """As `get_method` takes it."""
    schedule: Schedule
    """In the counts of the cost model."""
    evaluated: Schedule
    """In the counts of the evaluated model."""


class Winners(NamedTuple):
    """What a `best.yaml` says."""

    model: str
    """The evaluated model."""
    cost_model: str
    """The model whose cost was counted."""
    overrides: Mapping[str, int]
    """Fields of the cost model's architecture that are not those of its row."""
    best: str
    """The method that was best on the search split."""
    methods: Mapping[str, Winner]
    """Method -> its winner at the budget."""

    @property
    def evaluated_overrides(self) -> Mapping[str, int]:
        """Fields of the evaluated model's architecture, where it is the cost model itself; of a cost twin nothing is said."""
        return self.overrides if self.model == self.cost_model else {}

    def of(self, method: str | None = None) -> Winner:
        """That of `method`, by default of the best one; `ValueError` if there is none."""
        name = method or self.best
        if name not in self.methods:
            raise ValueError(f"method {name!r} is none of those in the file; {near(name, self.methods)}")
        return self.methods[name]


def is_file(schedule: object) -> bool:
    """Whether what stands in the place of a schedule is the name of such a file."""
    return isinstance(schedule, str | Path) and Path(schedule).suffix.lower() in SUFFIXES


def read(path: str | Path) -> Winners:
    """`ValueError` for a file that is missing or is something else."""
    from tldr_search import yaml_files

    if not Path(path).is_file():
        raise ValueError(f"schedule {str(path)!r}: no such file; numbers, or the best.yaml of a study, would be accepted")
    try:
        return _winners(yaml_files.read(path))
    except (OSError, ValueError) as error:
        what = " ".join(str(error).split())
        raise ValueError(f"schedule {str(path)!r} is no best.yaml of a study ({what}); one would be accepted") from error


def _winners(found: object) -> Winners:
    """`ValueError` unless everything has the type that a study writes."""
    top = _mapping(found, "the file")
    provenance = _mapping(top.get("provenance"), "provenance")
    methods = {name: _winner(name, row) for name, row in _mapping(top.get("methods"), "methods").items()}
    if not methods:
        raise ValueError("methods: there is none")
    best = _text(top.get("best"), "best")
    if best not in methods:
        raise ValueError(f"best: {best!r} is none of its methods, {', '.join(methods)}")
    model, cost_model = (_text(provenance.get(name), f"provenance: {name}") for name in ("model", "cost_model"))
    return Winners(model, cost_model, _overrides(provenance.get("overrides")), best, methods)


def _winner(method: str, found: object) -> Winner:
    where = f"methods: {method}"
    row = _mapping(found, where)
    evaluated = _mapping(row.get("evaluated"), f"{where}: evaluated")
    schedule = _counts(row.get("schedule"), f"{where}: schedule")
    return Winner(method, schedule, _counts(evaluated.get("schedule"), f"{where}: evaluated: schedule"))


def _overrides(found: object) -> Mapping[str, int]:
    where, fields = "provenance: overrides", {}
    for name, value in _mapping(found, where).items():
        if name not in OVERRIDES:
            raise ValueError(f"{where}: {name!r} is neither {' nor '.join(OVERRIDES)}")
        fields[name] = _count(value, f"{where}: {name}")
    return fields


def _mapping(found: object, where: str) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise ValueError(f"{where} is {_told(found)}, no mapping")
    for name in found:
        _text(name, f"{where}: a name")
    return found


def _text(found: object, where: str) -> str:
    if not isinstance(found, str):
        raise ValueError(f"{where} is {_told(found)}, no text")
    return found


def _counts(found: object, where: str) -> Schedule:
    if not isinstance(found, list) or not found:
        raise ValueError(f"{where} is {_told(found)}, no list of whole numbers")
    return tuple(_count(entry, f"{where}: entry {position}") for position, entry in enumerate(found, start=1))


def _count(found: object, where: str) -> int:
    if type(found) is not int or not 0 <= found <= LARGEST:  # True is an int, too
        raise ValueError(f"{where} is {_told(found)}, no whole number from 0 to {LARGEST}")
    return found


def _told(found: object) -> str:
    """Short, whatever it is."""
    if isinstance(found, int) and abs(found) > LARGEST:
        return "a huge number"
    if isinstance(found, str | int | float):
        return brief(found)
    kind = "mapping" if isinstance(found, dict) else type(found).__name__
    return "missing" if found is None else f"a {kind}" if found else f"an empty {kind}"
