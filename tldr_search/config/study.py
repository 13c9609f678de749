"""The settings of `study`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

from tldr_search.config.rules import Rule, at_least, each, one_of
from tldr_search.config.settings import OBJECTIVES, Settings
from tldr_search.cost import CostModel, parse_budget
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.reducers import NONE, get_method

SHAPES = ("sta", "vid-tldr", "constant", "decreasing")
"""Known shapes of a schedule; published ones first."""
SAME_RUNG = 0.03
"""Rungs this close (relative) to the budget asked for are that budget."""
RANGE_RUNGS = 6
"""Rungs, at least, of a budget that is a range."""


@dataclass(frozen=True)
class StudyConfig(Settings):
    """What to search, on what, under which budget."""

    name: str = "demo"
    """Name of the run."""
    objective: str = "t2v_r1"
    """Rate that is maximised."""
    search_split: str = "search"
    """Split on which schedules are chosen."""
    report_split: str = "report"
    """Split on which the winners are measured again; the search never sees it."""
    methods: tuple[str, ...] = ("vid-tldr", "tome", "sta")
    """Methods whose schedules are searched."""
    baselines: tuple[str, ...] = ("random",)
    """Methods that are only measured, on the report split, not searched."""
    baseline_shape: str = "constant"
    """Known shape of the baselines' schedules: sta, vid-tldr, constant or decreasing."""
    budget: str = "60%"
    """GFLOPs per clip: 180gflops, 60% (of the unreduced model), or 120gflops..300gflops (its upper end, over at least 6 rungs)."""
    ladder: tuple[str, ...] = ("33%", "41%", "50%", "60%", "71%", "86%")
    """Lower and higher budgets that complete the front; one within 3 % of the budget is that budget."""
    trials: int = 8
    """Schedules per method at the budget."""
    rung_trials: int = 1
    """Schedules per method at every other rung of the ladder."""
    seed: int = 0
    """Seed of the search."""
    storage: str | None = None
    """URL of an Optuna database; by default a journal in the directory of the run."""
    out: str | None = None
    """Directory of the run; by default runs/NAME-BUDGET."""

    @property
    def measures(self) -> str:
        """The task that the objective belongs to."""
        return next(task for task, rates in OBJECTIVES.items() if self.objective in rates)

    @property
    def splits(self) -> tuple[str, ...]:
        """The split of the search, and that of the report."""
        return (self.search_split, self.report_split)

    @property
    def directory(self) -> Path:
        """Where the run lives."""
        return Path(self.out) if self.out else Path("runs") / f"{self.name}-{self.budget.replace('%', 'pct')}"

    @property
    def budget_gflops(self) -> float:
        """The budget asked for; the upper end of a range."""
        return parse_budget(self.budget).gflops(self._base)[1]

    @property
    def rungs(self) -> tuple[float, ...]:
        """GFLOPs of the ladder, rising, the budget among them.

        Of a range both ends are rungs, of the ladder what lies between; the widest gaps are divided until there are enough.
        """
        budget = parse_budget(self.budget)
        low, asked = budget.gflops(self._base)
        rungs = {low, asked}
        for gflops in map(self._rung, self.ladder):
            apart = all(abs(gflops - end) > SAME_RUNG * end for end in (low, asked))
            if apart and (not budget.is_range or low < gflops < asked):
                rungs.add(gflops)
        return _filled(sorted(rungs), RANGE_RUNGS) if budget.is_range else tuple(sorted(rungs))

    @property
    def _base(self) -> float:
        return CostModel(self.counted).base

    def _rung(self, text: str) -> float:
        """GFLOPs of one rung; `ValueError` if it is a range, or costs as much as the unreduced model."""
        parsed = parse_budget(text)
        gflops = parsed.high.gflops(self._base)
        if parsed.is_range or gflops >= self._base:
            raise ValueError(f"ladder: {text!r}; a single amount below the {self._base:.1f} GFLOPs of {self.costs} would be accepted")
        return gflops

    def _own_rules(self) -> Iterator[Rule]:
        yield Rule("name", self._bad_name())
        yield Rule("objective", one_of("objective", self.objective, chain(*OBJECTIVES.values())))
        yield Rule("objective", self._not_offered(), needs=("benchmark",))
        for field in ("search_split", "report_split"):
            yield Rule(field, self._no_split(field), needs=("benchmark",))
        yield Rule("report_split", self._same_split(), needs=("search_split",))
        yield Rule("report_split", self._same_file(), needs=("search_split", "benchmark", "objective"))
        yield Rule("methods", self._no_methods())
        for field in ("methods", "baselines"):
            yield Rule(field, each(get_method, getattr(self, field), f"{field}: "))
            yield Rule(field, self._repeated(field))
            yield Rule(field, each(self._acting_layers, getattr(self, field), f"{field}: "), needs=self._counted)
        yield Rule("baseline_shape", one_of("baseline_shape", self.baseline_shape, SHAPES))
        for field, least in (("trials", 1), ("rung_trials", 1), ("seed", 0)):
            yield Rule(field, at_least(field, getattr(self, field), least))
        yield Rule("budget", each(parse_budget, [self.budget]))
        yield Rule("budget", each(lambda text: parse_budget(text).gflops(self._base), [self.budget]), needs=self._counted)
        yield Rule("budget", self._out_of_reach(), needs=("methods", *self._counted))
        yield Rule("ladder", each(parse_budget, self.ladder, "ladder: "))
        yield Rule("ladder", each(self._rung, self.ladder), needs=self._counted)

    def _bad_name(self) -> Iterator[str]:
        if not self.name or "/" in self.name:
            yield f"name: {self.name!r}; a name without slashes would be accepted"

    def _not_offered(self) -> Iterator[str]:
        rates = chain.from_iterable(OBJECTIVES.get(task, ()) for task in BENCHMARKS[self.benchmark].tasks)
        yield from one_of("objective", self.objective, rates)

    def _same_split(self) -> Iterator[str]:
        if self.search_split == self.report_split:
            yield f"search_split and report_split are both {self.search_split!r}; two that share no clip would be accepted"

    def _same_file(self) -> Iterator[str]:
        search, report = (self.source(split).annotations.resolve() for split in self.splits)
        if search == report and search.is_file():
            yield f"search_split and report_split are both {search}; two that share no clip would be accepted"

    def _no_methods(self) -> Iterator[str]:
        if not self.methods:
            yield "methods: none; e.g. vid-tldr, tome, sta would be accepted"

    def _repeated(self, field: str) -> Iterator[str]:
        specs = [get_method(name).spec for name in getattr(self, field)]
        for spec in dict.fromkeys(specs):
            if spec == NONE.spec:
                yield f"{field}: none removes nothing; the unreduced model is always measured"
            elif specs.count(spec) > 1:
                yield f"{field}: {spec} is named twice"

    def _acting_layers(self, method: str) -> tuple[int, ...]:
        """`ValueError` if the method does not run on the model that is counted."""
        return get_method(method).acting_layers(self.counted.geometry)

    def _out_of_reach(self) -> Iterator[str]:
        """One line with the least and the base GFLOPs of every method that cannot be brought to the budget."""
        asked, beyond = self.budget_gflops, []
        for name in self.methods:
            cost = CostModel(self.counted, name)
            if not cost.least <= asked < cost.base:
                beyond.append(f"{name} on {self.costs}: least {cost.least:.1f}, unreduced {cost.base:.1f}")
        if beyond:
            bounds = "; ".join(beyond)
            yield f"budget {self.budget} ({asked:.1f} GFLOPs) is out of reach ({bounds}); choose one between, or other methods"


def _filled(rungs: Sequence[float], least: int) -> tuple[float, ...]:
    """`rungs` and, between them, as many as `least` needs, each gap divided evenly, the widest first."""
    gaps = list(pairwise(rungs))
    parts = [1] * len(gaps)
    while gaps and sum(parts) + 1 < least:
        widest = max(range(len(gaps)), key=lambda i: (gaps[i][1] - gaps[i][0]) / parts[i])
        parts[widest] += 1
    inside = [low + (high - low) * k / n for (low, high), n in zip(gaps, parts, strict=True) for k in range(n)]
    return (*inside, rungs[-1])
