"""What the page says of a mark of a comparison, in the form that its script takes. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tldr_search.report.hover import Front, Hover
from tldr_search.report.pictures.published import Printed
from tldr_search.report.several.comparison import Dot
from tldr_search.report.several.picture import Field, Line, Multiples, base_id, dot_id, printed_id
from tldr_search.report.several.runs import Panel
from tldr_search.report.words import NBSP, amount_text, metric_name, schedule_text


def hover(picture: Multiples) -> Front:
    """Texts of every mark, and the way of the keyboard: line by line, panel by panel."""
    rows = [row for field in picture.fields for row in _rows(field) if row]
    marks = {gid: mark for row in rows for gid, mark in row}
    return Front(marks, [[gid for gid, _ in row] for row in rows], {"published": {"of": "", "kind": "published"}})


def _rows(field: Field) -> Iterator[list[tuple[str, Hover]]]:
    """Each by rising price: the lines, then what papers print, then the unreduced models."""
    panel = field.panel
    for line in field.lines:
        yield [(dot_id(line, number), _dot(panel, line, dot)) for number, dot in enumerate(line.dots[:-1])]
    yield [(printed_id(field, number), _printed(panel, value)) for number, value in enumerate(field.printed)]
    yield [(base_id(field, number), _base(panel, dot)) for number, dot in enumerate(field.bases)]


def _dot(panel: Panel, line: Line, dot: Dot) -> Hover:
    method, kind, _ = line.gid.split("-")
    cost, score = _amounts(panel, dot.price, dot.score, _span(dot))
    lines = [f"{cost}, {dot.percent_of_base:.1f}{NBSP}% of the unreduced model", score, panel.title]
    schedules = tuple(dict.fromkeys(map(schedule_text, dot.schedules)))
    if len(schedules) > 1:
        lines += ["schedules, one per seed: " + "; ".join(map(schedule_text, dot.schedules))]
    title = ", ".join(filter(None, [line.method, line.series]))
    return _hover(title, lines, schedules[0] if len(schedules) == 1 else "", kind, dot.price, of=method)


def _printed(panel: Panel, value: Printed) -> Hover:
    lines = [*_amounts(panel, value.gflops, value.score), value.note]
    return _hover(value.legend, list(filter(None, lines)), "", "published", value.gflops)


def _base(panel: Panel, dot: Dot) -> Hover:
    return _hover("unreduced model", [*_amounts(panel, dot.price, dot.score, _span(dot)), panel.title], "", "base", dot.price)


def _amounts(panel: Panel, price: float, score: float, span: str = "") -> tuple[str, str]:
    """Cost and score in words."""
    return amount_text(price, panel.unit), f"{score:.1f}{NBSP}%{span} {metric_name(panel.objective)}"


def _span(dot: Dot) -> str:
    """After the score: what its brackets are, is said where it isn't an interval."""
    said = "" if dot.num_runs == 1 else f" (mean of {dot.num_runs} seeds, lowest and highest)"
    return f" [{dot.low:.1f}, {dot.high:.1f}]{said}"


def _hover(title: str, lines: Sequence[str], copied: str, kind: str, price: float, of: str = "") -> Hover:
    return Hover(title=title, lines=list(lines), copy=copied, of=of, kind=kind, price=price)
