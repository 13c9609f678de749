"""Several studies side by side: which can be averaged, which overlaid, and how far they differ. Pure functions of `Run`s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from tldr_search.report.compare import Difference, corrected, difference_of, interval, to_base
from tldr_search.report.quality import Hypervolume
from tldr_search.report.rows import same_rung
from tldr_search.report.several.areas import Knee, areas, knees
from tldr_search.report.several.runs import Panel, Run, differ_by_seed_only, panel_of, same_samples
from tldr_search.schedule import Schedule
from tldr_search.scores import Outcomes
from tldr_search.study.result import Point, Result


class Dot(NamedTuple):
    """One method on one rung: of one run, or the mean over runs that differ in their seed."""

    method: str
    searched: bool
    """False for a baseline; of the unreduced model, too."""
    budget: float
    """The rung."""
    price: float
    """In the unit of the panel; a mean, as are the next three."""
    gflops: float
    percent_of_base: float
    score: float
    low: float
    """Of one run: lower end of the 95 % interval over videos. Of several: the lowest score."""
    high: float
    """Likewise."""
    num_runs: int
    """How many runs have it."""
    schedules: tuple[Schedule, ...]
    """Run by run."""
    sampled: Outcomes | None
    """Per video, the mean over the runs; None where the runs have not the same samples."""
    to_base: Difference | None
    """Against the unreduced model on the same samples, Holm over the searched, or the other, dots of the series; None for it itself, and
    where outcomes are missing.
    """


class Series(NamedTuple):
    """One run, or several that differ in their seed alone."""

    label: str
    runs: tuple[Run, ...]
    base: Dot
    dots: tuple[Dot, ...]
    """Winners, then baselines, by method and rising price."""
    budget: float
    """That was asked for."""
    areas: tuple[Hypervolume, ...]
    """Of each method; averaged as the scores are."""
    knees: tuple[Knee, ...]
    """Run by run."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Run by run."""
        return tuple(run.result.seed for run in self.runs)

    @property
    def methods(self) -> tuple[tuple[str, bool], ...]:
        """(method, searched), each once."""
        return tuple(dict.fromkeys((dot.method, dot.searched) for dot in self.dots))

    def line(self, method: str, searched: bool) -> tuple[Dot, ...]:
        """By rising price, the unreduced model last."""
        return (*(d for d in self.dots if (d.method, d.searched) == (method, searched)), self.base)

    def at(self, method: str, searched: bool, budget: float) -> Dot | None:
        """None for what was not measured."""
        return next((d for d in self.dots if (d.method, d.searched) == (method, searched) and same_rung(d.budget, budget)), None)


class Between(NamedTuple):
    """A later series of a panel against its first one, at one method and rung."""

    label: str
    reference: str
    """The first one."""
    dot: Dot
    difference: Difference
    """Corrected by Holm's method over all of the panel."""


class Shown(NamedTuple):
    """One panel."""

    panel: Panel
    series: tuple[Series, ...]
    """In the order in which the runs were named."""
    between: tuple[Between, ...]
    unpaired: tuple[str, ...]
    """Series whose samples are not those of the first."""


class Comparison(NamedTuple):
    """All of it."""

    runs: tuple[Run, ...]
    panels: tuple[Shown, ...]

    @property
    def same_split(self) -> tuple[str, ...]:
        """Runs whose search saw the report split: their scores are too good."""
        return tuple(run.label for run in self.runs if run.result.same_split)

    @property
    def is_averaged(self) -> bool:
        """Whether any series has several runs."""
        return any(len(series.runs) > 1 for shown in self.panels for series in shown.series)


def compare(runs: Sequence[Run]) -> Comparison:
    """Panels in the order of their first run."""
    panels = dict.fromkeys(panel_of(run.result) for run in runs)
    return Comparison(tuple(runs), tuple(_shown(panel, [run for run in runs if panel_of(run.result) == panel]) for panel in panels))


def _shown(panel: Panel, runs: Sequence[Run]) -> Shown:
    first, *others = series = [_series(group) for group in _groups(runs)]
    paired = [other for other in others if _paired(first, other)]
    return Shown(panel, tuple(series), tuple(_between(first, paired)), tuple(s.label for s in others if s not in paired))


def _groups(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs that differ in their seed alone, together; runs of one seed are not averaged."""
    groups: list[list[Run]] = []
    for run in runs:
        own = (g for g in groups if differ_by_seed_only(g[0], run) and all(run.result.seed != other.result.seed for other in g))
        group = next(own, None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    return groups


def _series(runs: Sequence[Run]) -> Series:
    base = _dot([(run, run.result.base) for run in runs], searched=False)
    dots = (*_dots(runs, searched=True), *_dots(runs, searched=False))
    return Series(_label(runs), tuple(runs), base, dots, runs[0].result.budget, areas(runs), knees(runs))


def _dots(runs: Sequence[Run], searched: bool) -> list[Dot]:
    """Each against the unreduced model, corrected for all of them, as in the report of a single run."""
    places = _places([run.result for run in runs], searched)
    found = [[(run, _at(_points(run.result, searched), method, budget)) for run in runs] for method, budget in places]
    dots = [_dot([(run, p) for run, p in measured if p is not None], searched) for measured in found]
    return [dot._replace(to_base=to_base) for dot, to_base in zip(dots, corrected(dot.to_base for dot in dots), strict=True)]


def _points(result: Result, searched: bool) -> tuple[Point, ...]:
    return result.winners if searched else result.baselines


def _places(results: Sequence[Result], searched: bool) -> list[tuple[str, float]]:
    """(method, rung) of what any of them measured, by method and rising rung."""
    points = [p for result in results for p in _points(result, searched)]
    methods = dict.fromkeys(p.method for p in points)
    return [(method, rung) for method in methods for rung in _rungs(p.budget for p in points if p.method == method)]


def _rungs(budgets: Iterable[float]) -> list[float]:
    """Rising, each once."""
    found: list[float] = []
    for budget in sorted(budgets):
        if not found or not same_rung(found[-1], budget):
            found.append(budget)
    return found


def _at(points: Iterable[Point], method: str, budget: float) -> Point | None:
    """The best, if a baseline was measured with several shapes; None if it was not measured there."""
    return max((p for p in points if p.method == method and same_rung(p.budget, budget)), key=lambda p: p.score, default=None)


def _label(runs: Sequence[Run]) -> str:
    if len(runs) == 1:
        return runs[0].label
    *others, last = [str(run.result.seed) for run in runs]
    return f"seeds {', '.join(others)} and {last} ({', '.join(run.label for run in runs)})"


def _dot(measured: Sequence[tuple[Run, Point]], searched: bool) -> Dot:
    """Of one method and rung; prices in per cent are means of each run's own."""
    runs, points = zip(*measured, strict=True)
    first, scores = points[0], [p.score for p in points]
    base, same = runs[0].result.base, all(same_samples(runs[0], run) for run in runs)
    means = (fmean(values) for values in zip(*(p.outcomes for p in points), strict=True)) if same else ()
    sampled = Outcomes(tuple(means), first.counts) if same else None
    low, high = interval(first.sampled) if len(points) == 1 else (min(scores), max(scores))
    price = fmean(p.price for p in points)
    return Dot(
        method=first.method,
        searched=searched,
        budget=first.budget,
        price=price,
        gflops=fmean(p.gflops for p in points),
        percent_of_base=fmean(100 * p.price / run.result.base.price for p, run in zip(points, runs, strict=True)),
        score=fmean(scores),
        low=low,
        high=high,
        num_runs=len(points),
        schedules=tuple(p.schedule for p in points),
        sampled=sampled,
        to_base=None if first.method == "none" or sampled is None else to_base(sampled, base.sampled, runs[0].result.objective),
    )


def _paired(a: Series, b: Series) -> bool:
    return a.base.sampled is not None and b.base.sampled is not None and same_samples(a.runs[0], b.runs[0])


def _between(first: Series, others: Iterable[Series]) -> Iterator[Between]:
    pairs = [(s, dot, own) for s in others for dot in s.dots if (own := first.at(dot.method, dot.searched, dot.budget)) is not None]
    found = corrected(_difference(dot, own) for _, dot, own in pairs)
    for (series, dot, _), difference in zip(pairs, found, strict=True):
        assert difference is not None
        yield Between(series.label, first.label, dot, difference)


def _difference(a: Dot, b: Dot) -> Difference:
    """Of series that are paired."""
    assert a.sampled is not None
    assert b.sampled is not None
    return difference_of(a.sampled, b.sampled)
