"""`best.yaml` of a study, read: schedules to take home. Never imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tldr_search.names import near
from tldr_search.schedule import Schedule

SUFFIXES = (".yaml", ".yml")
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
    gflops: float
    """Per clip, of the cost model."""


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
    import yaml

    if not Path(path).is_file():
        raise ValueError(f"schedule {str(path)!r}: no such file; numbers, or the best.yaml of a study, would be accepted")
    try:
        return _winners(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"schedule {str(path)!r} is no best.yaml of a study ({what}); one would be accepted") from error


def _winners(found: Mapping[str, Any]) -> Winners:
    provenance = found["provenance"]
    methods = {
        name: Winner(name, tuple(map(int, row["schedule"])), tuple(map(int, row["evaluated"]["schedule"])), float(row["gflops"]))
        for name, row in found["methods"].items()
    }
    model, cost_model = str(provenance["model"]), str(provenance["cost_model"])
    return Winners(model, cost_model, dict(provenance["overrides"]), str(found["best"]), methods)
