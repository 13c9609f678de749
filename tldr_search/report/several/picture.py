"""What will be drawn of a comparison: small multiples, one for each panel, and their common legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tldr_search.report.several.comparison import Comparison, Dot, Series, Shown
from tldr_search.report.several.runs import Panel
from tldr_search.report.style import Style, baseline_style, searched_style
from tldr_search.report.words import SAME_SPLIT, amount_text, method_name, metric_name, price_label

ABREAST = 3
"""Panels beside each other, where they are no grid of backbones x tests."""
NAMED = 3
"""Runs that are named in a sentence before the others are only counted."""
SPREAD, WIDEST = 0.006, 0.03
"""Lines of one panel are drawn this far apart, as a share of the unreduced model's cost, so that their bars can be seen; all of them
within the second number."""


class Line(NamedTuple):
    """One method of one series."""

    style: Style
    number: int
    """Of its series within the panel, from 0: how it is dashed."""
    searched: bool
    dots: tuple[Dot, ...]
    """By rising price, the unreduced model last."""
    shift: float
    """How far it is moved to the left when drawn, in the unit of the panel; negative."""


class Field(NamedTuple):
    """One panel."""

    row: int
    column: int
    title: str
    subtitle: str
    x_label: str
    y_label: str
    scale: str
    """Fields of one row with the same scale share their y axis."""
    lines: tuple[Line, ...]
    bases: tuple[Dot, ...]
    """Unreduced models: one, where all series agree."""
    budgets: tuple[float, ...]
    """That were asked for, each once."""


class Entry(NamedTuple):
    """One line of the legend for a method."""

    label: str
    style: Style
    searched: bool


class Named(NamedTuple):
    """One line of the legend for a series: where, and its name."""

    number: int
    label: str


class Multiples(NamedTuple):
    """The whole picture."""

    title: str
    subtitle: str
    alt: str
    warning: str
    """What a reader must know before anything else; empty for nothing."""
    rows: int
    columns: int
    fields: tuple[Field, ...]
    methods: tuple[Entry, ...]
    series: tuple[Named, ...]
    """Of panels that have several."""


def multiples(comparison: Comparison) -> Multiples:
    """Backbones beside each other and tests below each other, where every pair has its panel; otherwise in rows of `ABREAST`."""
    places, rows, columns = _places(comparison.panels)
    methods = tuple(_entries(comparison))
    styles = {(entry.label, entry.searched): entry.style for entry in methods}
    fields = (_field(shown, *place, styles) for shown, place in zip(comparison.panels, places, strict=True))
    return Multiples(
        title=f"{len(comparison.runs)} runs compared",
        subtitle=_subtitle(comparison),
        alt=_alt(comparison),
        warning=warning(comparison),
        rows=rows,
        columns=columns,
        fields=tuple(fields),
        methods=methods,
        series=tuple(_named(comparison)),
    )


def warning(comparison: Comparison) -> str:
    """Which runs searched what they report."""
    same = comparison.same_split
    if not same:
        return ""
    names = ", ".join(same[:NAMED]) + (f" and {len(same) - NAMED} more" if len(same) > NAMED else "")
    return f"{names}: {SAME_SPLIT}"


def spans(comparison: Comparison, where: str) -> str:
    """What intervals and ranges are that stand `where`: `bars`, `in brackets`."""
    if not comparison.is_averaged:
        return f"{where}: 95 % intervals over samples"
    lone = any(len(series.runs) == 1 for shown in comparison.panels for series in shown.series)
    single = "; of a single run, its 95 % interval over samples" if lone else ""
    return f"runs that differ in their seed alone are averaged; {where}: from the lowest to the highest seed{single}"


def _places(panels: Sequence[Shown]) -> tuple[list[tuple[int, int]], int, int]:
    """(row, column) of each panel, and how many rows and columns there are."""
    tests = list(dict.fromkeys(shown.panel.measure for shown in panels))
    backbones = list(dict.fromkeys(shown.panel.backbone for shown in panels))
    if len(tests) > 1 and len(backbones) > 1 and len(panels) == len(tests) * len(backbones):
        return [(tests.index(s.panel.measure), backbones.index(s.panel.backbone)) for s in panels], len(tests), len(backbones)
    columns = min(ABREAST, len(panels))
    return [divmod(i, columns) for i in range(len(panels))], -(-len(panels) // columns), columns


def _entries(comparison: Comparison) -> Iterator[Entry]:
    """Every method once: searched ones first."""
    found = dict.fromkeys(m for shown in comparison.panels for series in shown.series for m in series.methods)
    searched = [method for method, is_searched in found if is_searched]
    others = [method for method, is_searched in found if not is_searched]
    yield from (Entry(method_name(m), searched_style(m, i), True) for i, m in enumerate(searched))
    yield from (Entry(_baseline_name(m), baseline_style(i), False) for i, m in enumerate(others))


def _baseline_name(method: str) -> str:
    return method_name(method) if method == "random" else f"{method_name(method)}, not searched"


def _named(comparison: Comparison) -> Iterator[Named]:
    """Of the panels that have several, series by their dashes; the panel is told where there is more than one."""
    for shown in comparison.panels:
        place = f" ({shown.panel.title})" if len(comparison.panels) > 1 else ""
        for number, series in enumerate(shown.series if len(shown.series) > 1 else ()):
            yield Named(number, series.label + place)


def _field(shown: Shown, row: int, column: int, styles: dict[tuple[str, bool], Style]) -> Field:
    panel = shown.panel
    lines = _distinct([_line(series, number, *key, styles) for number, series in enumerate(shown.series) for key in series.methods])
    step = min(SPREAD, WIDEST / len(lines)) * shown.series[0].base.price
    lines = [line._replace(shift=(index - len(lines)) * step) for index, line in enumerate(lines)]
    return Field(
        row=row,
        column=column,
        title=panel.title,
        subtitle=_samples(panel, shown.series),
        x_label=price_label(panel.unit, panel.cost_model),
        y_label=f"{metric_name(panel.objective)} (%)",
        scale=panel.measure,
        lines=tuple(lines),
        bases=tuple({(s.base.price, s.base.score): s.base for s in shown.series}.values()),
        budgets=tuple(dict.fromkeys(series.budget for series in shown.series)),
    )


def _line(series: Series, number: int, method: str, searched: bool, styles: dict[tuple[str, bool], Style]) -> Line:
    style = styles[method_name(method) if searched else _baseline_name(method), searched]
    return Line(style, number, searched, series.line(method, searched), 0.0)


def _distinct(lines: Sequence[Line]) -> list[Line]:
    """A baseline that is the same in several series is drawn once."""
    found: dict[object, Line] = {}
    for index, line in enumerate(lines):
        found.setdefault(
            index if line.searched else (line.style, tuple((round(dot.price, 6), round(dot.score, 6)) for dot in line.dots)), line
        )
    return list(found.values())


def _samples(panel: Panel, series: Sequence[Series]) -> str:
    """`report split, 300 samples, mean of 3 seeds`."""
    numbers = sorted({len(run.result.base.outcomes) for one in series for run in one.runs})
    runs = sum(len(one.runs) for one in series)
    averaged = f", mean of {runs} seeds" if len(series) == 1 and runs > 1 else ""
    return f"{panel.report_split} split, {' or '.join(map(str, numbers))} samples{averaged}"


def _subtitle(comparison: Comparison) -> str:
    text = f"{spans(comparison, 'bars')}; lines of one panel are set side by side, a little to the left"
    return text[:1].upper() + text[1:]


def _alt(comparison: Comparison) -> str:
    """The scores at the budgets."""
    return f"Score against cost, {len(comparison.panels)} panel{'s' * (len(comparison.panels) > 1)}. " + " ".join(
        f"{shown.panel.title}: unreduced {shown.series[0].base.score:.1f} %; " + "; ".join(_best(series) for series in shown.series) + "."
        for shown in comparison.panels
    )


def _best(series: Series) -> str:
    at_budget = [found for method, searched in series.methods if (found := series.at(method, searched, series.budget)) is not None]
    scores = ", ".join(f"{method_name(dot.method)} {dot.score:.1f} %" for dot in at_budget)
    return f"{series.label} at {amount_text(series.budget, series.runs[0].result.unit)}: {scores}"
