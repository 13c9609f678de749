"""What a study consists of, in the order in which a single worker does it, and one worker's part in it.

The unreduced model; from the budget asked for outwards each method's probes and search; winners, known shapes and baselines on the
report split. A piece that waits for another is passed over, so that idle workers find something to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial

from tldr_search.config import SHAPES, StudyConfig
from tldr_search.reducers import get_method
from tldr_search.schedule import Schedule
from tldr_search.scores import Measure, Request, in_order
from tldr_search.study.budget import OnBudget
from tldr_search.study.claims import Claims
from tldr_search.study.ground import Ground
from tldr_search.study.measurements import Measurements, Wanted
from tldr_search.study.placed import Placed, place, placed
from tldr_search.study.proposals import Trajectory
from tldr_search.study.result import Point
from tldr_search.study.samplers import OPTUNAS, Optunas, Sampler, Start
from tldr_search.study.search import WHOLE, Search, Task, winner
from tldr_search.study.sensitivity import PART, Damage, Probe, probes
from tldr_search.study.space import known_shapes
from tldr_search.study.storage import MEASUREMENTS
from tldr_search.study.surface import Observed
from tldr_search.study.trajectory import Curves

Pair = tuple[str, float]
"""A method and a rung."""
Shaped = tuple[Ground, float, str]
"""A known shape at a rung."""
FIDELITY = "fidelity"
CONSTANT = "constant"
OURS = "trajectory"


class Work:
    """One worker's view of a study."""

    def __init__(self, config: StudyConfig, grounds: Mapping[str, Ground], claims: Callable[[str], Claims], measure: Measure) -> None:
        """`grounds` by method, baselines too; `claims`: on the Optuna study of that name."""
        self.config, self.grounds, self._claims, self.measure = config, grounds, claims, measure
        self.methods, self.baselines = (tuple(get_method(name).spec for name in names) for names in (config.methods, config.baselines))
        base = grounds[self.methods[0]].base
        self.budget, self.rungs = config.budget_at(base), config.rungs_at(base)
        self.base = OnBudget((), (), grounds[self.methods[0]].cost.base, base)
        self.measurements = Measurements(claims(MEASUREMENTS), measure)
        self.pairs = [(m, b) for b in _outwards(self.rungs, self.budget) for m in self.methods if grounds[m].reaches(b)]
        self.searches: dict[Pair, Search] = {}
        """Those that have begun."""
        self._choices: dict[Pair, Point | None] = {}
        self._probed: dict[str, dict[Schedule, Wanted]] = {}

    def step(self) -> bool:
        """Does one piece of work; False if there is none now."""
        return any(piece() for piece in self._pieces())

    @property
    def is_finished(self) -> bool:
        """Whether everything is done, by whomever."""
        return all(map(self.is_searched, self.pairs)) and all(map(self.measurements.find, (*self.bases, *self.on_report)))

    def _pieces(self) -> Iterator[Callable[[], bool]]:
        yield partial(self.measurements.take, self.bases)
        for pair in self.pairs:
            if not self.is_searched(pair):
                yield partial(self.measurements.take, self._in_order(pair[0]))
                if (search := self.search(pair)) is not None:
                    yield search.step
        yield lambda: self.measurements.take(self.on_report)

    # on the search split

    @cached_property
    def bases(self) -> tuple[Wanted, ...]:
        """The unreduced model on the search split, and on the report split."""
        requests = (Request("none", (), split, self.config.objective) for split in self.config.splits)
        return tuple(Wanted(request, {"origin": "base", **self.base._asdict()}, self.base.gflops) for request in requests)

    def probes(self, method: str) -> Mapping[Schedule, Wanted]:
        """What tells how much each slot bears, by schedule; empty if that was not asked for."""
        if method not in self._probed:
            ground = self.grounds[method]
            self._probed[method] = {probe.schedule: self._probe(ground, probe) for probe in probes(ground)} if self.config.probes else {}
        return self._probed[method]

    def _probe(self, ground: Ground, probe: Probe) -> Wanted:
        request = Request(ground.method.spec, probe.evaluated, self.config.search_split, FIDELITY, PART)
        return Wanted(request, {"origin": "probe", "schedule": probe.schedule}, ground.cost(probe.schedule).gflops)

    def _in_order(self, method: str) -> list[Wanted]:
        """Its probes, those that begin alike on end: they share their first layers."""
        wanted = {w.request: w for w in self.probes(method).values()}
        return [wanted[request] for request in in_order(list(wanted))]

    def search(self, pair: Pair) -> Search | None:
        """None as long as its probes, or the rung that it starts from, are not finished."""
        if pair not in self.searches and self._is_ready(pair):
            self.searches[pair] = self._begin(pair)
        return self.searches.get(pair)

    def is_searched(self, pair: Pair) -> bool:
        """Whether no further trial will come."""
        search = self.search(pair)
        return search is not None and search.is_finished

    def _is_ready(self, pair: Pair) -> bool:
        before = self._before(pair)
        return all(map(self.measurements.find, self.probes(pair[0]).values())) and (before is None or self.is_searched(before))

    def _before(self, pair: Pair) -> Pair | None:
        """The next rung on the way to the budget asked for, whose winner is a start for this one."""
        method, budget = pair
        low, high = sorted((budget, self.budget))
        between = [b for m, b in self.pairs if m == method and low <= b <= high and b != budget]
        return (method, min(between, key=lambda b: abs(b - budget))) if between else None

    def _begin(self, pair: Pair) -> Search:
        method, budget = pair
        config, trials = self.config, self.trials(pair)
        parts = config.part_shares if trials > 1 else ()
        task = Task(self.grounds[method], budget, config.search_split, config.objective, trials, parts, config.alpha, config.patience)
        sampler = self._sampler(pair, task)
        return Search(task, self._claims(task.name), sampler, self.measure)

    def _sampler(self, pair: Pair, task: Task) -> Sampler:
        method, config = pair[0], self.config
        start = (task.ground, task.budget, self._starts(pair), config.seed, task.name)
        if config.sampler == OURS:
            return Trajectory(*start, damage=self._damage(method), evidence=partial(self._observed, method))
        return Optunas(OPTUNAS[config.sampler], *start)

    def trials(self, pair: Pair) -> int:
        """Schedules that are tried of a method at a rung."""
        return self.config.trials if pair[1] == self.budget else self.config.rung_trials

    def _starts(self, pair: Pair) -> list[Start]:
        """The winner of the rung before, then the known shapes, those first that were better there."""
        ground, before = self.grounds[pair[0]], self._before(pair)
        shapes = known_shapes(ground.method, ground.source)
        if before is None:
            return [Start(*item) for item in shapes.items()]
        asked = self.searches[pair[0], self.budget].points()
        scores = {p.origin: p.score for p in asked if p.part == WHOLE}
        ranked = sorted(shapes, key=lambda name: -scores.get(name, 0.0))
        best = winner(self.searches[before].points())
        return [
            Start("neighbour", tuple(map(float, best.schedule))),
            *(Start(name, shapes[name]) for name in ranked if name != best.origin),
        ]

    def _damage(self, method: str) -> Damage | None:
        if not (wanted := self.probes(method)):
            return None
        return Damage.fit({s: self.measurements.get(w).sampled.score / 100 for s, w in wanted.items()}, Curves(self.grounds[method]))

    def _observed(self, method: str) -> list[Observed]:
        """Everything that is known of a method, at any budget."""
        return [
            found
            for pair, search in sorted(self.searches.items(), key=lambda item: item[0])
            if pair[0] == method
            for found in search.observed()
        ]

    # on the report split

    @property
    def on_report(self) -> list[Wanted]:
        """The winners that are known by now, baselines, known shapes; some may be one and the same evaluation."""
        return [self.again(p) for p in (*map(placed, self.winners), *self.baseline_places, *self.known_places)]

    @property
    def winners(self) -> list[Point]:
        """What the searches chose, on the search split, by method and rung; of methods all of whose rungs are searched.

        What is learnt at one rung may move the choice at another.
        """
        searched = [m for m in self.methods if all(self.is_searched(pair) for pair in self.pairs if pair[0] == m)]
        pairs = sorted((pair for pair in self.pairs if pair[0] in searched), key=lambda p: (self.methods.index(p[0]), p[1]))
        return [choice for pair in pairs if (choice := self._choice(pair))]

    def _choice(self, pair: Pair) -> Point | None:
        """Computed once: no further trial of the method will come."""
        if pair not in self._choices:
            self._choices[pair] = self.searches[pair].choice()
        return self._choices[pair]

    @cached_property
    def baseline_places(self) -> list[Placed]:
        """The baselines at every rung that they reach."""
        return [found for shape in self.baseline_shapes if (found := place(*shape))]

    @cached_property
    def known_places(self) -> list[Placed]:
        """Constant r at every rung, all known shapes at the budget asked for, as far as they are reached."""
        return [found for shape in self.known_shapes if (found := place(*shape))]

    @property
    def baseline_shapes(self) -> list[Shaped]:
        """The one shape of the baselines."""
        return self._shapes(self.baselines, self.rungs, [self.config.baseline_shape])

    @property
    def known_shapes(self) -> list[Shaped]:
        """What is measured for comparison, if that was asked for."""
        if not self.config.known_shapes:
            return []
        others = [budget for budget in self.rungs if budget != self.budget]
        return self._shapes((*self.methods, *self.baselines), [self.budget], SHAPES) + self._shapes(self.methods, others, [CONSTANT])

    def _shapes(self, methods: Sequence[str], budgets: Sequence[float], names: Sequence[str]) -> list[Shaped]:
        return [(self.grounds[m], b, name) for m in methods for b in budgets if self.grounds[m].reaches(b) for name in names]

    def again(self, placed: Placed) -> Wanted:
        """`placed` on the report split."""
        config, on_budget = self.config, placed.on_budget
        notes = {"origin": placed.origin, "budget": placed.budget, **on_budget._asdict()}
        return Wanted(Request(placed.method, on_budget.evaluated, config.report_split, config.objective), notes, on_budget.gflops)


def _outwards(rungs: Sequence[float], budget: float) -> list[float]:
    """The budget first, then the rungs below it, falling, then those above it, rising."""
    return [budget, *sorted((r for r in rungs if r < budget), reverse=True), *(r for r in rungs if r > budget)]
