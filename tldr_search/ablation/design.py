"""What an ablation measures: named variants, computed from the config alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tldr_search.backbones.architectures import architecture
from tldr_search.config.ablation import INFORMATIVENESS, SHAPE, WHERE, AblationConfig
from tldr_search.config.budgeted import SHAPES
from tldr_search.cost import CostModel
from tldr_search.reducers import Method, get_method
from tldr_search.schedule import Geometry, Schedule, parse_schedule, transfer
from tldr_search.study.budget import OnBudget
from tldr_search.study.ground import Ground
from tldr_search.study.placed import place
from tldr_search.study.space import known_shapes

SHARE = 400 / 2352
"""Of the tokens, that leave one layer in vid-TLDR's Table 1."""
PUBLISHED: Schedule = (600, 200, 100)
"""vid-TLDR's schedule in its Table 7, for a UMT-B at 12 frames."""
PRUNED, MERGED = "pruned", "merged"
SCORES = ("attentiveness", "rollout", "saliency")
TABLE_7 = {
    (PRUNED, "attentiveness"): "attentiveness",
    (PRUNED, "rollout"): "rollout",
    (PRUNED, "saliency"): "saliency-pruning",
    (MERGED, "attentiveness"): "vid-tldr:score=attentiveness",
    (MERGED, "rollout"): "vid-tldr:score=rollout",
    (MERGED, "saliency"): "vid-tldr",
}
"""What happens to a token, and what chooses it -> the method."""


class Variant(NamedTuple):
    """One thing to measure."""

    line: str
    """What it is compared within: a method, or what happens to tokens."""
    place: str
    """What varies: a layer from 1, a score, a shape."""
    method: str
    """As `get_method` takes it."""
    on_budget: OnBudget
    """Its schedule, in both counts, and what it costs."""


class Design(NamedTuple):
    """All that an ablation measures, besides the unreduced model."""

    variants: tuple[Variant, ...]
    left_out: tuple[str, ...]
    """What is impossible, a line each."""


def design(config: AblationConfig) -> Design:
    """`ValueError` if nothing is possible."""
    left_out: list[str] = []
    variants = tuple(_DESIGNS[config.what](config, left_out))
    if not variants:
        raise ValueError(
            f"{config.what} on {config.costs}: nothing is left to measure ({'; '.join(left_out)}); another model would be accepted"
        )
    return Design(variants, tuple(left_out))


def _where(config: AblationConfig, left_out: list[str]) -> Iterator[Variant]:
    """The same r in one place after the other."""
    for spec in config.compared:
        method, geometry = get_method(spec), config.counted.geometry
        try:
            layers = method.acting_layers(geometry)
        except ValueError as error:
            left_out.append(str(error))
            continue
        if len(layers) < geometry.depth:
            acting = ", ".join(str(layer + 1) for layer in layers)
            left_out.append(f"{spec} acts in layers {acting} of {config.costs} only; the others are left out")
        for slot, layer in enumerate(layers):
            r = config.r or max(1, round(SHARE * geometry.num_tokens / method.unit(slot, geometry)))
            schedule = (0,) * slot + (r,) + (0,) * (len(layers) - slot - 1)  # whole: a single r would be STA's at all three stages
            try:
                yield Variant(spec, str(layer + 1), spec, _counted(config, method, schedule))
            except ValueError as error:
                left_out.append(str(error))


def _informativeness(config: AblationConfig, left_out: list[str]) -> Iterator[Variant]:
    """All with one schedule."""
    for (line, score), spec in TABLE_7.items():
        method = get_method(spec)
        try:
            method.acting_layers(config.counted.geometry)
            schedule = parse_schedule(config.schedule) if config.schedule else published(method, config.counted.geometry)
            yield Variant(line, score, spec, _counted(config, method, schedule))
        except ValueError as error:
            left_out.append(f"{score}, {line}: {error}")


def published(method: Method, geometry: Geometry) -> Schedule:
    """vid-TLDR's schedule in shares of the tokens of another model, of any depth; `ValueError` where it is impossible."""
    row = architecture("umt-b").geometry
    return transfer(PUBLISHED, method, row._replace(depth=geometry.depth, between_stages=geometry.between_stages), geometry)


def _shape(config: AblationConfig, left_out: list[str]) -> Iterator[Variant]:
    """The known shapes of every method on one budget; a shape that is another one for a method is measured once."""
    for spec in config.compared:
        ground = Ground(CostModel(config.counted, spec), config.evaluated.geometry)
        try:
            shapes = known_shapes(ground.method, ground.source)
        except ValueError as error:
            left_out.append(str(error))
            continue
        for name in SHAPES:
            if name not in shapes:
                left_out.append(f"{spec}: the shape {name} is the same as another one there")
            elif found := place(ground, config.budget_gflops, name):
                yield Variant(spec, name, spec, found.on_budget)
            else:
                left_out.append(f"{spec}: the shape {name} does not reach {config.budget_gflops:.1f} GFLOPs")


def _counted(config: AblationConfig, method: Method, schedule: Schedule) -> OnBudget:
    """`ValueError` if the schedule is impossible on either model."""
    source, cost = config.counted.geometry, CostModel(config.counted, method)
    schedule = method.full(schedule, source)
    gflops = cost(schedule).gflops
    return OnBudget(schedule, transfer(schedule, method, source, config.evaluated.geometry), gflops, gflops)


_DESIGNS = {WHERE: _where, INFORMATIVENESS: _informativeness, SHAPE: _shape}
