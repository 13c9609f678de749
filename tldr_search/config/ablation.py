"""The settings of `ablate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from tldr_search.config.evaluation import EvaluateConfig
from tldr_search.config.files import default_evaluation, from_mapping, load, to_mapping
from tldr_search.config.methods import repeated
from tldr_search.config.named import named
from tldr_search.config.objectives import LABEL_FREE, OBJECTIVES
from tldr_search.config.one_split import OneSplit
from tldr_search.config.paths import expanded
from tldr_search.config.rules import Rule, at_least, each, one_of
from tldr_search.cost import COUNTED, CostModel, parse_budget
from tldr_search.reducers import get_method
from tldr_search.schedule import parse_schedule

WHERE, INFORMATIVENESS, SHAPE = WHATS = ("where", "informativeness", "shape")
"""One layer at a time (vid-TLDR Table 1), what tells informative tokens (Table 7), and the shape of schedules."""
METHODS = {WHERE: ("saliency-pruning",), INFORMATIVENESS: (), SHAPE: ("vid-tldr", "tome", "sta")}
"""What is measured if no methods are named; informativeness has methods of its own."""
BUDGET = "60%"
ONLY = {"r": WHERE, "schedule": INFORMATIVENESS, "budget": SHAPE}
"""Settings that belong to one ablation."""


@dataclass(frozen=True)
class AblationConfig(OneSplit):
    """What to vary, on what."""

    what: str = WHERE
    """where, informativeness or shape."""
    methods: tuple[str, ...] = ()
    """where, shape: methods that are measured; by default saliency-pruning, or vid-tldr, tome and sta."""
    r: int | None = None
    """where: tokens that leave the one layer (of each group for STA); by default 17 % of them, 400 of 2352."""
    schedule: str = ""
    """informativeness: the one schedule of all methods; by default vid-TLDR's 600,200,100 of 2352 tokens, in shares."""
    budget: str | None = None
    """shape: 180gflops or 60% per clip, what every schedule costs at most; by default 60%."""
    objective: str = "t2v_r1"
    """Rate that is the score; without labels agreement (the same answer as unreduced) or fidelity. By default that of `evaluate`."""

    @property
    def compared(self) -> tuple[str, ...]:
        """`methods`, or those of the ablation, as specs."""
        return tuple(get_method(name).spec for name in self.methods or METHODS[self.what])

    @property
    def budget_gflops(self) -> float:
        """The budget in GFLOPs per clip."""
        return parse_budget(self.budget or BUDGET).at(CostModel(self.counted).base)[1]

    @property
    def directory(self) -> Path:
        """Where the result goes."""
        if self.out:
            return expanded(self.out)
        return named(self, "ablate", self.what, self.model, self.benchmark)

    def _own_rules(self) -> Iterator[Rule]:
        yield Rule("what", one_of("what", self.what, WHATS))
        yield from self._split_rules()
        yield Rule("objective", self._no_rate(), needs=("benchmark", "task"))
        for field in ONLY:
            yield Rule(field, self._elsewhere(field), needs=("what",))
        yield Rule("methods", self._fixed(), needs=("what",))
        yield Rule("methods", each(get_method, self.methods, "methods: "))
        yield Rule("methods", repeated("methods", self.methods))
        if self.r is not None:
            yield Rule("r", at_least("r", self.r, 1))
        yield Rule("schedule", each(parse_schedule, [self.schedule] * bool(self.schedule)))
        yield Rule("schedule", self._nothing_leaves())
        yield Rule("budget", each(parse_budget, [] if self.budget is None else [self.budget]))
        yield Rule("budget", self._no_cost(), needs=self._counted)

    def _no_rate(self) -> Iterator[str]:
        yield from one_of("objective", self.objective, (*OBJECTIVES.get(self.measures, ()), *LABEL_FREE))

    def _elsewhere(self, field: str) -> Iterator[str]:
        value = getattr(self, field)
        if value not in (None, "") and ONLY[field] != self.what:
            yield f"{field}: {value}, which belongs to {ONLY[field]}; for {self.what} none would be accepted"

    def _fixed(self) -> Iterator[str]:
        if self.methods and self.what == INFORMATIVENESS:
            yield f"methods: {', '.join(self.methods)}; {INFORMATIVENESS} compares methods of its own: none would be accepted"

    def _nothing_leaves(self) -> Iterator[str]:
        if self.schedule and not any(parse_schedule(self.schedule)):
            yield f"schedule: {self.schedule} removes nothing; e.g. 600,200,100 would be accepted"

    def _no_cost(self) -> Iterator[str]:
        """Counted ones only: measured ones are those of a study."""
        if self.budget is None:
            return
        asked, base = parse_budget(self.budget), CostModel(self.counted).base
        if asked.unit != COUNTED or asked.is_range:
            yield f"budget: {self.budget}; one amount in gflops or per cent would be accepted"
        elif asked.at(base)[1] >= base:
            yield f"budget: {self.budget}, but {self.costs} takes {base:.1f} gflops unreduced; less would be accepted"


def to_ablate(path: str | Path | None = None, **overrides: object) -> AblationConfig:
    """Model and data of the evaluation in the YAML file at `path` (its method and schedule are left aside), or of the embedded default.

    Where no objective is asked for, that of the evaluation.
    """
    names = [field.name for field in fields(EvaluateConfig)]
    shared = [name for name in names if name in {field.name for field in fields(AblationConfig)} and name not in ("schedule", "out")]
    given = {name: value for name, value in overrides.items() if name in shared}
    found = default_evaluation(**given) if path is None else load(EvaluateConfig, path, **given)
    kept = {name: value for name, value in to_mapping(found).items() if name in shared}
    return from_mapping(AblationConfig, {"objective": found.objective, **kept, **overrides})
