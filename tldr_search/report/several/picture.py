"""What will be drawn of a comparison: small multiples, one for each panel, and their common legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_lowercase
from typing import NamedTuple

from tldr_search.report.pictures.published import Join, Printed, joins, printed
from tldr_search.report.several.comparison import Comparison, Dot, Series, Shown
from tldr_search.report.several.runs import Panel
from tldr_search.report.several.wording import averaged, bars, warning
from tldr_search.report.style import Style, baseline_style, searched_styles
from tldr_search.report.words import amount_text, method_name, metric_name, price_label

ABREAST = 3
"""Panels beside each other, where they are no grid of backbones x tests."""
SPREAD, WIDEST = 0.0022, 0.012
"""Lines of one panel are drawn this far apart, as a share of the unreduced model's cost, so that their bars can be seen; all of them
within the second number, around their cost."""


class Line(NamedTuple):
    """One method of one series."""

    gid: str
    """What the identifiers of its marks in the SVG begin with: `m0-sa-1` for the first method, the first series and the second panel."""
    method: str
    """In words."""
    series: str
    """Its name; empty where the panel has one only, and for what is the same in several."""
    style: Style
    number: int
    """Of its series within the panel, from 0: how it is dashed."""
    searched: bool
    dots: tuple[Dot, ...]
    """By rising price, the unreduced model last."""
    shift: float
    """How far it is moved when drawn, in the unit of the panel; negative to the left."""


class Field(NamedTuple):
    """One panel."""

    number: int
    """From 0, in the order of the comparison."""
    panel: Panel
    row: int
    column: int
    title: str
    run: str
    """Whose it is, or how many share it: those have their dashes."""
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
    printed: tuple[Printed, ...]
    """What papers print of the objective, for this model and benchmark."""
    joins: tuple[Join, ...]


class Entry(NamedTuple):
    """One line of the legend for a method."""

    label: str
    style: Style
    searched: bool


class Named(NamedTuple):
    """One line of the legend for a series: where, and its name."""

    key: str
    """In identifiers: `sa` for the first series of all."""
    number: int
    """Of its series within the panel: how it is dashed and filled."""
    label: str
    """With its panel, where there are several."""
    alone: bool
    """Its panel has no other, and says whose it is."""


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
    """All of them."""

    @property
    def printed(self) -> tuple[Printed, ...]:
        """Of all panels."""
        return tuple(value for field in self.fields for value in field.printed)


def dot_id(line: Line, number: int) -> str:
    """Identifier of the `number`-th dot of a line, the cheapest first."""
    return f"{line.gid}-dot-{number}"


def base_id(field: Field, number: int) -> str:
    """Identifier of an unreduced model."""
    return f"base-{field.number}-{number}"


def printed_id(field: Field, number: int) -> str:
    """Identifier of a value that papers print."""
    return f"published-{field.number}-{number}"


def multiples(comparison: Comparison) -> Multiples:
    """Backbones beside each other and tests below each other, where every pair has its panel; otherwise in rows of `ABREAST`."""
    places, rows, columns = _places(comparison.panels)
    methods = tuple(_entries(comparison))
    fields = (_field(number, comparison, place, methods) for number, place in enumerate(places))
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
    searched = searched_styles(method for method, is_searched in found if is_searched)
    others = [method for method, is_searched in found if not is_searched]
    yield from (Entry(method_name(m), style, True) for m, style in searched.items())
    yield from (Entry(_baseline_name(m), baseline_style(i), False) for i, m in enumerate(others))


def _baseline_name(method: str) -> str:
    return method_name(method) if method == "random" else f"{method_name(method)}, not searched"


def _named(comparison: Comparison) -> Iterator[Named]:
    """Series by their dashes, panel by panel: in another panel the same dashes are another run's."""
    for index, shown in enumerate(comparison.panels):
        place = f"{shown.panel.title}: " if len(comparison.panels) > 1 else ""
        for number, series in enumerate(shown.series):
            yield Named(_key(comparison, index, number), number, place + series.label, len(shown.series) == 1)


def _key(comparison: Comparison, panel: int, number: int) -> str:
    """Of the `number`-th series of a panel, in letters: the script of the page takes them for a kind of mark."""
    index = sum(len(shown.series) for shown in comparison.panels[:panel]) + number
    rounds, letter = divmod(index, len(ascii_lowercase))
    return "s" + "z" * rounds + ascii_lowercase[letter]


def _field(index: int, comparison: Comparison, place: tuple[int, int], methods: Sequence[Entry]) -> Field:
    shown = comparison.panels[index]
    panel = shown.panel
    lines = _distinct([line for n in range(len(shown.series)) for line in _lines(comparison, index, n, methods)])
    step = min(SPREAD, WIDEST / len(lines)) * shown.series[0].base.price
    values = printed(shown.series[0].runs[0].result, panel.objective)
    return Field(
        number=index,
        panel=panel,
        row=place[0],
        column=place[1],
        title=panel.title,
        run=_whose(shown.series),
        subtitle=_samples(panel, shown.series),
        x_label=price_label(panel.unit, panel.cost_model),
        y_label=f"{metric_name(panel.objective)} (%)",
        scale=panel.measure,
        lines=tuple(line._replace(shift=(i - (len(lines) - 1) / 2) * step) for i, line in enumerate(lines)),
        bases=tuple({(s.base.price, s.base.score): s.base for s in shown.series}.values()),
        budgets=tuple(dict.fromkeys(series.budget for series in shown.series)),
        printed=values,
        joins=joins(values),
    )


def _lines(comparison: Comparison, panel: int, number: int, methods: Sequence[Entry]) -> Iterator[Line]:
    """Of one series."""
    shown = comparison.panels[panel]
    series, key = shown.series[number], _key(comparison, panel, number)
    for method, searched in series.methods:
        name = method_name(method) if searched else _baseline_name(method)
        index = next(i for i, entry in enumerate(methods) if (entry.label, entry.searched) == (name, searched))
        label, dots = series.label if len(shown.series) > 1 else "", series.line(method, searched)
        yield Line(f"m{index}-{key}-{panel}", name, label, methods[index].style, number, searched, dots, 0.0)


def _distinct(lines: Sequence[Line]) -> list[Line]:
    """A baseline that is the same in several series is drawn once, and belongs to none of them."""
    found: dict[object, Line] = {}
    for index, line in enumerate(lines):
        same = index if line.searched else (line.style, tuple((round(dot.price, 6), round(dot.score, 6)) for dot in line.dots))
        found[same] = _shared(found[same]) if same in found else line
    return list(found.values())


def _shared(line: Line) -> Line:
    method, _, panel = line.gid.split("-")
    return line._replace(gid=f"{method}-shared-{panel}", series="")


def _whose(series: Sequence[Series]) -> str:
    """`run a`, `a and 2 more (seeds 0, 1, 2)`, `2 runs, told apart below`."""
    if len(series) > 1:
        return f"{len(series)} runs, told apart below"
    return f"run {series[0].label}" if len(series[0].runs) == 1 else series[0].label


def _samples(panel: Panel, series: Sequence[Series]) -> str:
    """`report split, 300 samples, mean of 3 seeds`."""
    numbers = sorted({run.result.num_samples for one in series for run in one.runs})
    runs = sum(len(one.runs) for one in series)
    averaged = f", mean of {runs} seeds" if len(series) == 1 and runs > 1 else ""
    return f"{panel.report_split} split, {' or '.join(map(str, numbers))} samples{averaged}"


def _subtitle(comparison: Comparison) -> str:
    said = bars(comparison)
    return f"{averaged(comparison)}{said[:1].upper()}{said[1:]}; methods at one cost are set side by side around it"


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
