"""What the schedules of a result cost, layer by layer: counted again, on the model that they are the counts of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.report.rows import same_rung
from tldr_search.study.result import Result


def cost_model(result: Result, method: str) -> CostModel:
    """That of `method` in the counts of the result."""
    return _cost_model(result.cost_model, tuple(sorted(result.overrides.items())), method)


def removed(result: Result) -> Mapping[str, tuple[int, ...]]:
    """Method -> the tokens that its winner at the budget removes in each layer."""
    at_budget = [p for p in result.winners if same_rung(p.budget, result.budget)]
    costs = {p.method: (cost_model(result, p.method), p.schedule) for p in at_budget}
    return {method: cost.method.removed(schedule, cost.geometry) for method, (cost, schedule) in costs.items()}


@lru_cache
def _cost_model(name: str, overrides: tuple[tuple[str, int], ...], method: str) -> CostModel:
    return CostModel(architecture(name, **dict(overrides)), method)
