"""What an ablation measures: named variants, computed from the config alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tldr_search.ablation import limits
from tldr_search.backbones.architectures import architecture
from tldr_search.config.ablation import INFORMATIVENESS, SHAPE, WHERE, AblationConfig
from tldr_search.config.budgeted import SHAPES
from tldr_search.cost import CostModel
from tldr_search.reducers import Method, get_method
from tldr_search.schedule import Geometry, Schedule, parse_schedule, transfer
from tldr_search.study.budget import OnBudget
from tldr_search.study.ground import Ground
from tldr_search.study.placed import place, shaped
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
        instead = _instead(config)
        raise ValueError(f"{config.what} on {config.costs}: nothing is left to measure ({'; '.join(left_out)}){instead}")
    return Design(variants, tuple(left_out))


def _instead(config: AblationConfig) -> str:
    """What would be accepted, where the reasons do not say it."""
    if config.what != SHAPE:
        return ""
    costs = [limits.cheapest(shares, ground) for ground in _grounds(config, []) for shares in _known(ground).values()]
    return f"; a budget from {limits.budget_text(min(costs))} upwards would be accepted" if costs else ""


def _where(config: AblationConfig, left_out: list[str]) -> Iterator[Variant]:
    """The same r in one place after the other."""
    for ground in _grounds(config, left_out):
        method, layers = ground.method, ground.method.acting_layers(ground.source)
        refused = defaultdict[int, list[int]](list)  # the most that would be possible -> layers
        blurred = defaultdict[tuple[int, ...], list[int]](list)  # where tokens leave the model that runs -> layers
        asked = [
            config.r or max(1, round(SHARE * ground.source.num_tokens / method.unit(slot, ground.source))) for slot in range(len(layers))
        ]
        for slot, (layer, r) in enumerate(zip(layers, asked, strict=True)):
            if r > (most := limits.largest(slot, ground)):
                refused[most].append(layer + 1)
                continue
            schedule = (0,) * slot + (r,) + (0,) * (len(layers) - slot - 1)  # whole: a single r would be STA's at all three stages
            on_budget = _counted(config, method, schedule)
            if (leaving := _leaving(method, on_budget.evaluated, ground.target)) == (layer + 1,):
                yield Variant(method.spec, str(layer + 1), method.spec, on_budget)
            else:
                blurred[leaving].append(layer + 1)
        left_out.extend(_unlike(method.spec, max(asked), refused, blurred, config.model))
        left = len(layers) - sum(map(len, (*refused.values(), *blurred.values())))
        if left > 0 and len(layers) < ground.source.depth:
            acting = limits.layers_text([layer + 1 for layer in layers])
            left_out.append(f"{method.spec} acts in {acting} of {config.costs} only; the others are left out")


def _leaving(method: Method, schedule: Schedule, geometry: Geometry) -> tuple[int, ...]:
    """Layers that lose tokens, from 1."""
    return tuple(layer + 1 for layer, r in enumerate(method.removed(schedule, geometry)) if r)


def _unlike(
    spec: str, r: int, refused: Mapping[int, Sequence[int]], blurred: Mapping[tuple[int, ...], Sequence[int]], model: str
) -> Iterator[str]:
    """Why one r is not measured in some layers."""
    if refused:
        accepted = ", ".join(f"at most {most} in {limits.layers_text(where)}" for most, where in refused.items())
        yield f"{spec}: r = {r} is too many; {accepted} would be accepted"
    for leaving, where in blurred.items():
        asked, found = limits.layers_text(where), limits.layers_text(leaving) if leaving else "no layer"
        yield f"{spec}: r = {r} in {asked}, carried over to {model}, leaves in {found} there; another r would be accepted"


def _informativeness(config: AblationConfig, left_out: list[str]) -> Iterator[Variant]:
    """All with one schedule."""
    refused = defaultdict[tuple[str, str], list[str]](list)  # line and reason -> scores
    for (line, score), spec in TABLE_7.items():
        method = get_method(spec)
        try:
            method.acting_layers(config.counted.geometry)
            schedule = parse_schedule(config.schedule) if config.schedule else published(method, config.counted.geometry)
            yield Variant(line, score, spec, _counted(config, method, schedule))
        except ValueError as error:
            refused[line, str(error).removeprefix(f"{method.name}: ")].append(score)
    left_out.extend(f"{', '.join(scores)}, {line}: {reason}" for (line, reason), scores in refused.items())


def published(method: Method, geometry: Geometry) -> Schedule:
    """vid-TLDR's schedule in shares of the tokens of another model, of any depth; `ValueError` where it is impossible."""
    row = architecture("umt-b").geometry
    return transfer(PUBLISHED, method, row._replace(depth=geometry.depth, between_stages=geometry.between_stages), geometry)


def _shape(config: AblationConfig, left_out: list[str]) -> Iterator[Variant]:
    """The known shapes of every method on one budget; a shape that is another one for a method is measured once."""
    budget = config.budget_gflops
    for ground in _grounds(config, left_out):
        spec, shapes = ground.method.spec, _known(ground)
        found = {name: place(ground, budget, name) for name in shapes}
        yield from (Variant(spec, name, spec, placed.on_budget) for name, placed in found.items() if placed)
        costs = {name: limits.cheapest(shapes[name], ground) for name, placed in found.items() if not placed}
        dear = {name: cost for name, cost in costs.items() if cost > budget}
        if len(dear) == len(shapes):
            left_out.append(f"{spec}: no known shape comes down to {budget:.4g} GFLOPs, the least is {min(dear.values()):.4g}")
        else:
            left_out.extend(f"{shaped(spec, name)} costs {cost:.4g} GFLOPs at least, not {budget:.4g}" for name, cost in dear.items())
        for name in (name for name, cost in costs.items() if cost <= budget):
            within, above = limits.around(shapes[name], budget, ground)
            accepted = f"a budget of {limits.budget_text(within)} would be accepted"
            left_out.append(f"{shaped(spec, name)} costs {within:.4g} or {above:.4g} GFLOPs, none just below {budget:.4g}; {accepted}")
        left_out.extend(
            f"{shaped(spec, name)} is the same as another one of these shapes"
            for name in SHAPES
            if name not in shapes and any(found.values())
        )


def _grounds(config: AblationConfig, left_out: list[str]) -> Iterator[Ground]:
    """Of every method that runs there."""
    for spec in config.compared:
        try:
            yield Ground(CostModel(config.counted, spec), config.evaluated.geometry)
        except ValueError as error:
            left_out.append(str(error))


def _known(ground: Ground) -> dict[str, tuple[float, ...]]:
    """Name -> shares."""
    return known_shapes(ground.method, ground.source)


def _counted(config: AblationConfig, method: Method, schedule: Schedule) -> OnBudget:
    """`ValueError` if the schedule is impossible on either model."""
    source, cost = config.counted.geometry, CostModel(config.counted, method)
    schedule = method.full(schedule, source)
    gflops = cost(schedule).gflops
    return OnBudget(schedule, transfer(schedule, method, source, config.evaluated.geometry), gflops, gflops)


_DESIGNS = {WHERE: _where, INFORMATIVENESS: _informativeness, SHAPE: _shape}
