"""The settings that say which methods are brought to which budgets, under which constraints."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tldr_search.config import ladder
from tldr_search.config.methods import repeated
from tldr_search.config.rules import Rule, at_least, each, one_of
from tldr_search.config.settings import Settings
from tldr_search.cost import COUNTED, UNITS, Budget, CostModel, Shape, parse_budget
from tldr_search.cost.shape import least
from tldr_search.reducers import get_method

SHAPES = ("sta", "vid-tldr", "constant", "decreasing")
"""Known shapes of a schedule; published ones first."""
_SHAPED = ("first_layers", "non_increasing", "multiple_of")


@dataclass(frozen=True)
class BudgetSettings(Settings, ABC):
    """Methods, budgets, constraints."""

    methods: tuple[str, ...] = ("vid-tldr", "tome", "sta")
    """Methods whose schedules are searched."""
    baselines: tuple[str, ...] = ("random",)
    """Methods that are only measured, on the report split, not searched."""
    baseline_shape: str = "constant"
    """Known shape of the baselines' schedules: sta, vid-tldr, constant or decreasing."""
    known_shapes: bool = True
    """Whether known shapes of the searched methods' schedules are measured on the report split, too."""
    budget: str = "60%"
    """180gflops or 60% per clip, measured 25ms per clip or 900mib at the peak, or a range 120gflops..300gflops (over at least 6 rungs)."""
    ladder: tuple[str, ...] = ("33%", "41%", "50%", "60%", "71%", "86%")
    """Lower and higher budgets that complete the front; one within 3 % of the budget is that budget."""
    first_layers: int | None = None
    """Tokens leave in this many layers at the beginning only; by default in any."""
    non_increasing: bool = False
    """Whether no entry of a schedule may be larger than the one before."""
    multiple_of: int = 1
    """Every entry of a schedule is a multiple of it, in the counts of the model whose cost is counted."""

    @cached_property
    def asked(self) -> Budget:
        """`budget`, parsed."""
        return parse_budget(self.budget)

    @property
    def unit(self) -> str:
        """Of the budget: gflops, ms or mib."""
        return self.asked.unit

    @property
    def shape(self) -> Shape:
        """The constraints on schedules."""
        return Shape(self.first_layers, self.non_increasing, self.multiple_of)

    def budget_at(self, base: float) -> float:
        """The budget asked for, the upper end of a range, in `unit`; `base` is what the unreduced model costs."""
        return self.asked.at(base)[1]

    def rungs_at(self, base: float) -> tuple[float, ...]:
        """The ladder in `unit`, rising, the budget among them; `ValueError` for a rung that the unreduced model does not exceed."""
        return ladder.rungs(self.asked, self.ladder, base)

    @property
    def budget_gflops(self) -> float:
        """The budget asked for, of a budget in GFLOPs."""
        return self.budget_at(self._base)

    @property
    def rungs(self) -> tuple[float, ...]:
        """GFLOPs of the ladder, of a budget in GFLOPs."""
        return self.rungs_at(self._base)

    @property
    def _base(self) -> float:
        assert self.unit == COUNTED
        return CostModel(self.counted).base

    def _method_rules(self) -> Iterator[Rule]:
        yield Rule("methods", self._no_methods())
        for field in ("methods", "baselines"):
            yield Rule(field, each(get_method, getattr(self, field), f"{field}: "))
            yield Rule(field, repeated(field, getattr(self, field)))
            yield Rule(field, each(self._acting_layers, getattr(self, field), f"{field}: "), needs=self._counted)
        yield Rule("baseline_shape", one_of("baseline_shape", self.baseline_shape, SHAPES))
        yield Rule("multiple_of", at_least("multiple_of", self.multiple_of, 1))
        if self.first_layers is not None:
            yield Rule("first_layers", at_least("first_layers", self.first_layers, 1))
        yield Rule("first_layers", self._no_layer(), needs=("methods", "baselines", *self._counted))

    def _budget_rules(self) -> Iterator[Rule]:
        yield Rule("budget", each(parse_budget, [self.budget]))
        yield Rule("budget", self._not_measurable(), needs=("model", "methods", "baselines", *self._counted))
        yield Rule("budget", self._upside_down(), needs=self._counted)
        yield Rule("budget", self._out_of_reach(), needs=("methods", *_SHAPED, *self._counted))
        yield Rule("ladder", each(parse_budget, self.ladder, "ladder: "))
        yield Rule("ladder", self._bad_rungs(), needs=("budget", *self._counted))

    def _no_methods(self) -> Iterator[str]:
        if not self.methods:
            yield "methods: none; e.g. vid-tldr, tome, sta would be accepted"

    def _acting_layers(self, method: str) -> tuple[int, ...]:
        """`ValueError` if the method does not run on the model that is counted."""
        return get_method(method).acting_layers(self.counted.geometry)

    def _no_layer(self) -> Iterator[str]:
        """Every method must act in the layers that are left to it."""
        depth = self.counted.geometry.depth
        if self.first_layers is None:
            return
        if self.first_layers > depth:
            yield f"first_layers: {self.first_layers}; 1 to {depth} would be accepted for {self.costs}"
        late = [name for name in (*self.methods, *self.baselines) if self._acting_layers(name)[0] >= self.first_layers]
        for name in late:
            first = self._acting_layers(name)[0] + 1
            yield f"first_layers: {self.first_layers}; {name} acts in layer {first} of {self.costs} first: from {first} would be accepted"

    def _not_measurable(self) -> Iterator[str]:
        """Time and memory are those of what runs; a Swin's are not taken apart."""
        if self.unit == COUNTED:
            return
        if self.counted != self.evaluated:
            accepted = f"--cost-model {self.model}, or a budget in gflops or per cent, would be accepted"
            yield f"budget {self.budget}: measured on {self.model}, which runs, but schedules are those of {self.costs}; {accepted}"
        elif self.evaluated.geometry.between_stages:
            yield f"budget {self.budget}: {self.model} is not timed layer by layer; a budget in gflops or per cent would be accepted"
        for name in (*self.methods, *self.baselines):
            if get_method(name).observes:
                accepted = "a budget in gflops or per cent would be accepted"
                yield f"budget {self.budget}: {name} runs the model twice, not layer by layer; {accepted}"

    def _upside_down(self) -> Iterator[str]:
        """Of a measured budget it is known once it is measured."""
        if self.unit == COUNTED:
            yield from each(self.asked.at, [self._base])

    def _bad_rungs(self) -> Iterator[str]:
        if self.unit == COUNTED:
            yield from each(lambda text: ladder.rung(text, self.asked, self._base), self.ladder)
        else:
            yield from each(lambda text: ladder.check_rung(text, self.asked), self.ladder)

    def _out_of_reach(self) -> Iterator[str]:
        """One line with the least and the base GFLOPs of every method that cannot be brought to the budget."""
        if self.unit != COUNTED:
            return
        asked, beyond = self.budget_gflops, []
        for name in self.methods:
            cost = CostModel(self.counted, name)
            if not (lowest := least(cost, self.shape)) <= asked < cost.base:
                beyond.append(f"{name} on {self.costs}: least {lowest:.1f}, unreduced {cost.base:.1f}")
        if beyond:
            bounds = "; ".join(beyond)
            under = f" with {', '.join(f'{name} {value}' for name, value in self.shape.binding.items())}" if self.shape.binding else ""
            asked_for = f"budget {self.budget} ({asked:.1f} {UNITS[COUNTED]})"
            yield f"{asked_for} is out of reach{under} ({bounds}); choose one between, or other methods"
