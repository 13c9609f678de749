"""A Swin's multiply-adds. Linear layers and norms run on the rows that are left, attention within windows on the whole grid.

Notation: n rows, C channels of the stage, P positions of all windows (padded), M of one.
"""

from __future__ import annotations

import math

from tldr_search.backbones.architecture import STAGES, SwinArchitecture
from tldr_search.backbones.swin_shape import cell_side, stage_grid, windows
from tldr_search.cost.count import Cost, LayerCost
from tldr_search.reducers import Method
from tldr_search.schedule import Schedule


def count(arch: SwinArchitecture, method: Method, removed: Schedule) -> Cost:
    """`removed[l]` cells leave after block l; `LayerCost` counts tokens in cells."""
    cells, layers = arch.geometry.num_tokens, list[LayerCost]()
    for stage, depth in enumerate(arch.depths):
        for block in range(depth):
            r = removed[len(layers)]
            layers.append(_block(arch, method, stage, block, len(layers), cells, r))
            cells -= r
    patches = arch.num_patches * arch.dim * (3 * arch.tubelet * arch.patch_size**2 + 5)
    return Cost(patches, tuple(layers), arch.dim * 2 ** (STAGES - 1) * (5 * cells + arch.num_classes))


def _block(arch: SwinArchitecture, method: Method, stage: int, block: int, layer: int, cells: int, r: int) -> LayerCost:
    n, c = _rows(arch, stage, cells), arch.dim * 2**stage
    cut = windows(stage_grid(arch, stage), arch.window, shifted=block % 2 == 1)
    merges = block == arch.depths[stage] - 1 and stage < STAGES - 1
    return LayerCost(
        tokens_in=cells,
        tokens_out=cells - r,
        attention=4 * n * c**2 + 2 * math.prod(cut.padded) * cut.volume * c + 5 * n * c,
        decision=method.decision_macs(layer, cells, r, arch.geometry._replace(dim=c, heads=arch.heads[stage])),
        mlp=2 * arch.mlp_ratio * n * c**2 + 5 * n * c,
        downsample=_rows(arch, stage + 1, cells) * (8 * c**2 + 20 * c) if merges else 0,
    )


def _rows(arch: SwinArchitecture, stage: int, cells: int) -> int:
    """Rows of the cells that are left; while all are, the positions of the grid."""
    if cells == arch.geometry.num_tokens:
        return math.prod(stage_grid(arch, stage))
    return cells * cell_side(stage) ** 2
