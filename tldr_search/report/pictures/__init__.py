"""What will be drawn of a study, computed from its `Result` by pure functions; `drawings` draws it, the tests assert on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tldr_search.report import counted
from tldr_search.report.pictures.evaluations import Evaluations, evaluations
from tldr_search.report.pictures.front import Pareto, pareto
from tldr_search.report.pictures.history import History, history
from tldr_search.report.pictures.marks import Legend, Mark
from tldr_search.report.pictures.published import Beside, beside
from tldr_search.report.pictures.schedules import STRONG, Heat, Ladder, heat, ladder
from tldr_search.report.pictures.sensitivity import Sensitivity, sensitivity
from tldr_search.report.rows import Row
from tldr_search.study.result import Result

__all__ = [
    "STRONG",
    "Beside",
    "Evaluations",
    "Heat",
    "History",
    "Ladder",
    "Legend",
    "Mark",
    "Pareto",
    "Pictures",
    "Sensitivity",
    "pictures",
]


class Pictures(NamedTuple):
    """All of one study."""

    front: Pareto
    published: Beside | None
    """Where papers print another metric than the objective for the same backbone and benchmark."""
    schedules: Heat
    ladder: Ladder
    history: History
    sensitivity: Sensitivity | None
    """Where layers were probed."""
    evaluations: Evaluations


def pictures(result: Result, rows: Sequence[Row]) -> Pictures:
    """Everything that there is to draw of `result`; `rows` are its rows."""
    num_tokens = counted.cost_model(result, "none").geometry.num_tokens
    return Pictures(
        front=pareto(result, rows),
        published=beside(result),
        schedules=heat(result, rows, counted.removed(result), num_tokens),
        ladder=ladder(result),
        history=history(result),
        sensitivity=sensitivity(result),
        evaluations=evaluations(result),
    )
