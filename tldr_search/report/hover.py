"""What the page says of a mark under the pointer, as ready texts, and in which order the keyboard goes through them. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

from tldr_search.cost import COUNTED
from tldr_search.report.pictures import Mark, Pareto
from tldr_search.report.words import NBSP, amount_text, cost_text, metric_name, shapes_text
from tldr_search.study.result import Result

OWN = re.compile(r"(m\d+)-(dot|trial|known)-\d+")
"""A mark of one method."""
VISITED = ("dot", "known")
"""What of a method the keyboard visits: a line each. Trials are too many."""


class Hover(TypedDict):
    """One mark."""

    title: str
    lines: list[str]
    copy: str
    """What a click copies; empty for nothing."""
    of: str
    """The method that it is switched off with, `m0`; empty for none."""
    kind: str
    """`dot`, `trial`, `known`, `base` or `published`."""
    price: float
    """For the way of the keyboard."""


class Front(NamedTuple):
    """What the script of the page is told of the front."""

    marks: dict[str, Hover]
    """By identifier."""
    rows: list[list[str]]
    """Identifiers line by line, each by rising price, for the arrow keys."""
    beside: dict[str, dict[str, str]]
    """What says nothing of its own, by the beginning of its identifier: the knee, switched with what it marks, and lines between values
    of papers."""


def hover(result: Result, front: Pareto) -> Front:
    """Texts of every mark of `front`; the dot at the knee says so."""
    own = {line.method: f"m{i}" for i, line in reversed(list(enumerate(front.lines)))}
    bend = _at_knee(front.marks)
    marks = {gid: _hover(result, gid, mark, own) for gid, mark in front.marks.items() if mark.role != "knee"}
    beside = {"published": {"of": "", "kind": "published"}}
    if bend:
        marks[bend]["lines"].append("the knee of the front")
        beside["knee"] = {"of": marks[bend]["of"], "kind": marks[bend]["kind"]}
    return Front(marks, _rows(marks, len(front.lines)), beside)


def _at_knee(marks: Mapping[str, Mark]) -> str:
    """The mark that the knee is drawn around; empty if there is no knee."""
    knees = [mark for mark in marks.values() if mark.role == "knee"]
    same = (gid for gid, mark in marks.items() for knee in knees if mark.role != "knee" and _measured(mark) == _measured(knee))
    return next(same, "")


def _measured(mark: Mark) -> tuple[object, ...]:
    """All but what it is called."""
    return mark.method, mark.schedule_text, mark.origin, mark.price, mark.score, mark.split


def _hover(result: Result, gid: str, mark: Mark, own: Mapping[str, str]) -> Hover:
    found = OWN.fullmatch(gid)
    of, kind = found.groups() if found else (own.get(mark.method.partition(":")[0], ""), mark.role)
    lines = [_cost(result, mark), _score(result, mark), _where(mark), _shapes(mark)]
    return Hover(title=mark.label, lines=[line for line in lines if line], copy=mark.schedule_text, of=of, kind=kind, price=mark.price)


def _cost(result: Result, mark: Mark) -> str:
    """`179.9 GFLOPs, 59.3 % of the unreduced model`; a published value has another unreduced model."""
    price = amount_text(mark.price, result.unit) + ("" if result.unit == COUNTED else f" ({cost_text(mark.gflops)} GFLOPs)")
    if mark.role in ("published", "base"):
        return price
    return f"{price}, {100 * mark.price / result.base.price:.1f}{NBSP}% of the unreduced model"


def _score(result: Result, mark: Mark) -> str:
    interval = "" if mark.low is None or mark.high is None else f" [{mark.low:.1f}, {mark.high:.1f}]"
    return f"{mark.score:.1f}{NBSP}%{interval} {metric_name(result.objective)}"


def _where(mark: Mark) -> str:
    if mark.role == "published":
        return mark.note  # the title names the source
    if mark.role == "trial":
        return f"{mark.num_samples} samples of the {mark.split} split: it helped to choose and claims nothing"
    return f"{mark.num_samples} samples of the {mark.split} split"


def _shapes(mark: Mark) -> str:
    """That a schedule is a known shape, or one more than its title names."""
    return f"its schedule is {shapes_text(mark.shapes)}, brought to this cost" if mark.shapes else ""


def _rows(marks: Mapping[str, Hover], num_methods: int) -> list[list[str]]:
    """Per method its line and its known shapes; then what is published; then the unreduced model."""
    lines = [(f"m{i}", kind) for i in range(num_methods) for kind in VISITED]
    groups = [[gid for gid, mark in marks.items() if OWN.fullmatch(gid) and (mark["of"], mark["kind"]) == line] for line in lines]
    groups += [[gid for gid, mark in marks.items() if mark["kind"] == kind] for kind in ("published", "base")]
    return [_by_price(group, marks) for group in groups if group]


def _by_price(group: Sequence[str], marks: Mapping[str, Hover]) -> list[str]:
    return sorted(group, key=lambda gid: marks[gid]["price"])
