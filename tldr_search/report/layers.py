"""What each winner at the budget costs, layer by layer, beside the unreduced model. Pure functions of a `Result`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tldr_search.cost import Cost, LayerCost
from tldr_search.report.counted import cost_model
from tldr_search.report.rows import Row, at_budget, rows
from tldr_search.schedule import Schedule
from tldr_search.study.result import Result

GIGA = 1e9
OBSERVATION, PATCHES, TAIL = "observation", "patches", "tail"


class Part(NamedTuple):
    """One block, or what is before or behind all of them; multiply-adds / 1e9 for a whole clip."""

    name: str
    """Number of the block from 1; `observation` (of the unreduced model first, for methods that do so), `patches` (pixels to tokens),
    `tail` (after the last block).
    """
    tokens_in: int | None
    """Of each sequence (a frame, where every frame is encoded by itself; cells of a Swin); None outside the blocks."""
    tokens_out: int | None
    """Likewise."""
    attention: float | None
    """GFLOPs of norm, projections and attention; None outside the blocks, as are the next three."""
    decision: float | None
    """Of deciding which tokens leave."""
    mlp: float | None
    """Of norm and MLP."""
    downsample: float | None
    """Of joining 2 x 2 tokens after a stage (Swin; 0 elsewhere)."""
    gflops: float
    """All of it."""
    unreduced: float
    """All of it when nothing leaves."""

    @property
    def percent(self) -> float | None:
        """Of what it costs unreduced; None for what the unreduced model does not do."""
        return 100 * self.gflops / self.unreduced if self.unreduced else None


class MethodLayers(NamedTuple):
    """One winner."""

    method: str
    schedule: Schedule
    """In the counts of the cost model."""
    parts: tuple[Part, ...]
    """Observation, if any; patches, every block, tail."""
    gflops: float
    """The sum, as counted at once."""
    unreduced: float
    """That of the unreduced model."""

    @property
    def percent(self) -> float:
        """Of the unreduced model."""
        return 100 * self.gflops / self.unreduced


class Layers(NamedTuple):
    """All winners at the budget."""

    cost_model: str
    """Whose cost is counted."""
    methods: tuple[MethodLayers, ...]
    """The best on the search split first."""

    @property
    def downsamples(self) -> bool:
        """Whether any part joins tokens after a stage: there is a column to show."""
        return any(part.downsample for method in self.methods for part in method.parts)


def layers(result: Result) -> Layers:
    """Counted again on the cost model, so that the sum is every point's `gflops`."""
    return Layers(result.cost_model, tuple(_of(result, row) for row in at_budget(rows(result), result.budget)))


def _of(result: Result, row: Row) -> MethodLayers:
    count = cost_model(result, row.point.method)
    cost, base = count(row.point.schedule), count(())
    return MethodLayers(row.point.method, row.point.schedule, tuple(_parts(cost, base)), cost.gflops, base.gflops)


def _parts(cost: Cost, base: Cost) -> Iterator[Part]:
    if cost.observation:
        yield _outside(OBSERVATION, cost.observation, base.observation)
    yield _outside(PATCHES, cost.patch_embed, base.patch_embed)
    for index, (layer, whole) in enumerate(zip(cost.layers, base.layers, strict=True), 1):
        yield _block(str(index), layer, whole)
    yield _outside(TAIL, cost.tail, base.tail)


def _block(name: str, layer: LayerCost, whole: LayerCost) -> Part:
    gflops = (macs / GIGA for macs in (layer.attention, layer.decision, layer.mlp, layer.downsample, layer.macs, whole.macs))
    return Part(name, layer.tokens_in, layer.tokens_out, *gflops)


def _outside(name: str, macs: int, unreduced: int) -> Part:
    return Part(name, None, None, None, None, None, None, macs / GIGA, unreduced / GIGA)
