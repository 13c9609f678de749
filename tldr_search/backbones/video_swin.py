"""Video Swin Transformer (Liu et al., CVPR 2022): blocks of windowed attention in four stages, under mmaction2's parameter names.

Tokens leave between stages, in whole cells (see `cells`): the last block of a stage is what a method looks at, together with the
features after the following patch merging, and from the next stage's first block on everything but the attention within windows
runs on what is left. Ours: STA's Swin is not released; this costs what its Table 3 prints.

Notation: B clips, n rows (tokens that are left), C channels, K cells that are left.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architecture import STAGES, SwinArchitecture
from tldr_search.backbones.cells import Layout, lay_out, take
from tldr_search.backbones.encoder import Attended, check_clips
from tldr_search.backbones.output import Output, reduction
from tldr_search.backbones.prefixes import PrefixesOfClips
from tldr_search.backbones.swin_shape import Shape, cell_side, stage_grid, windows
from tldr_search.backbones.windows import WindowAttention
from tldr_search.reducers import Method
from tldr_search.reducers.reducer import Observation
from tldr_search.tokens import Assignment, ones
from tldr_search.winners import Scheduled


class PatchEmbed(nn.Module):
    """Tubelets to tokens in (t, h, w) order, normed."""

    def __init__(self, arch: SwinArchitecture) -> None:
        super().__init__()
        kernel = (arch.tubelet, arch.patch_size, arch.patch_size)
        self.proj = nn.Conv3d(3, arch.dim, kernel_size=kernel, stride=kernel)
        self.norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps)

    def forward(self, video: Tensor) -> Tensor:
        """[B, 3, T, H, W] -> [B, P, C]"""
        out: Tensor = self.norm(self.proj(video).flatten(2).transpose(1, 2))
        return out


class SwinBlock(nn.Module):
    """x += WindowAttention(LN x); x += MLP(LN x); windows are moved in every second block."""

    def __init__(self, dim: int, heads: int, window: Shape, mlp_ratio: int, norm_eps: float, *, shifted: bool) -> None:
        super().__init__()
        self.window, self.shifted = window, shifted
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = WindowAttention(dim, heads, window)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        layers = {"fc1": nn.Linear(dim, mlp_ratio * dim), "act": nn.GELU(), "fc2": nn.Linear(mlp_ratio * dim, dim)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, rows: Tensor, layout: Layout, needs: frozenset[str] = frozenset()) -> tuple[Tensor, Attended]:
        """[B, n, C] -> ([B, n, C], what the reducer needs of each row)."""
        cut = windows(layout.grid, self.window, shifted=self.shifted)
        out, seen = self.attn(self.norm1(rows), layout, cut, needs)
        rows = rows + out
        return rows + self.mlp(self.norm2(rows)), seen


class PatchMerging(nn.Module):
    """Norm and projection of 2 x 2 joined positions."""

    def __init__(self, dim: int, norm_eps: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim, eps=norm_eps)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, rows: Tensor, layout: Layout, after: Layout) -> Tensor:
        """[B, n, C] -> [B, n', 2C], of the same cells; positions past the frame are zeros, as published."""
        if layout.kept is None:
            _, h, w = layout.grid
            planes = F.pad(rows.view(-1, *layout.grid, rows.shape[-1]), (0, 0, 0, w % 2, 0, h % 2))
            return self._project(planes).flatten(1, 3)
        cells = layout.by_cell(rows).masked_fill(~layout.inside()[..., None], 0.0)
        joined = self._project(cells.view(*cells.shape[:2], layout.side, layout.side, -1)).flatten(2, 3)  # [B, K, S', 2C]
        return take(joined.flatten(0, 1), after.spot[layout.kept].flatten(0, 1)).view(len(rows), -1, joined.shape[-1])

    def _project(self, planes: Tensor) -> Tensor:
        """[..., H, W, C] -> [..., H / 2, W / 2, 2C]; height runs faster than width in the order of the four."""
        four = [planes[..., y::2, x::2, :] for x in (0, 1) for y in (0, 1)]
        out: Tensor = self.reduction(self.norm(torch.cat(four, dim=-1)))
        return out


class Stage(nn.Module):
    """Blocks on one grid, and the patch merging after them (None in the last stage)."""

    def __init__(self, arch: SwinArchitecture, stage: int) -> None:
        super().__init__()
        dim = arch.dim * 2**stage
        self.blocks = nn.ModuleList(
            SwinBlock(dim, arch.heads[stage], arch.window, arch.mlp_ratio, arch.norm_eps, shifted=block % 2 == 1)
            for block in range(arch.depths[stage])
        )
        self.downsample = PatchMerging(dim, arch.norm_eps) if stage < STAGES - 1 else None

    def forward(self, rows: Tensor, layout: Layout, needs: frozenset[str]) -> tuple[Tensor, Attended]:
        """[B, n, C] -> ([B, n, C], what the reducer needs of the last block)."""
        seen = Attended(None, None, None)
        for block in self.blocks:
            rows, seen = block(rows, layout, needs if block is self.blocks[-1] else frozenset())
        return rows, seen


class VideoSwin(nn.Module):
    """Patches, four stages, norm, mean, classifier (`head`, None without classes)."""

    def __init__(self, arch: SwinArchitecture) -> None:
        super().__init__()
        self.arch = arch
        self.patch_embed = PatchEmbed(arch)
        self.layers = nn.ModuleList(Stage(arch, stage) for stage in range(STAGES))
        width = arch.dim * 2 ** (STAGES - 1)
        self.norm = nn.LayerNorm(width, eps=arch.norm_eps)
        self.head = nn.Linear(width, arch.num_classes) if arch.num_classes else None

    def forward(
        self, video: Tensor, method: str | Method = "none", schedule: Scheduled = (), prefixes: PrefixesOfClips | None = None
    ) -> Output:
        """`video` [B, 3, T, H, W], normalised -> `Output`, whose tokens are cells; so does r of the schedule count cells.

        It keeps no `prefixes`. `ValueError` for clips of another shape, a method that merges, or a schedule that is impossible.
        """
        check_clips(self.arch, video)
        reducer, removed = reduction(self.arch, method, schedule)
        rows, layer = self.patch_embed(video), -1
        layout = self._lay_out(0, None, rows.device)
        for stage, module in enumerate(self.layers):
            assert isinstance(module, Stage)
            layer += self.arch.depths[stage]
            acting = reducer if removed[layer] else None
            rows, seen = module(rows, layout, acting.needs if acting else frozenset())
            if module.downsample is not None:
                before, layout = layout, self._lay_out(stage + 1, layout.kept, rows.device)
                rows = module.downsample(rows, before, layout)
                if acting:
                    observation = _observation(rows, layout, seen, before, layer)
                    rows, layout = _prune(rows, layout, acting(observation, removed[layer]))
        return self._output(self.norm(rows), layout)

    def observe(self, video: Tensor, needs: frozenset[str]) -> Iterator[Attended]:
        """`video` [B, 3, T, H, W], normalised -> what a method sees between stages when nothing is removed, of each cell."""
        check_clips(self.arch, video)
        rows = self.patch_embed(video)
        for stage, module in enumerate(self.layers):
            assert isinstance(module, Stage)
            if module.downsample is None:
                return
            layout = self._lay_out(stage, None, rows.device)
            rows, seen = module(rows, layout, needs)
            yield _of_cells(seen, layout)
            rows = module.downsample(rows, layout, self._lay_out(stage + 1, None, rows.device))

    def _lay_out(self, stage: int, kept: Tensor | None, device: torch.device) -> Layout:
        return lay_out(stage_grid(self.arch, stage), cell_side(stage), kept, device)

    def _output(self, tokens: Tensor, layout: Layout) -> Output:
        """`tokens` [B, K, C] of the last stage, normed."""
        pooled = tokens.mean(dim=1)
        batch, count = tokens.shape[:2]
        order = torch.arange(count, device=tokens.device).expand(batch, -1)
        source = order.clone()
        if layout.kept is not None:
            source = order.new_full((batch, len(layout.position)), -1).scatter(1, layout.kept, order)
        return Output(tokens, ones(tokens), pooled, None if self.head is None else self.head(pooled), source)


def _observation(rows: Tensor, layout: Layout, seen: Attended, before: Layout, layer: int) -> Observation:
    """Means of each cell: of the features after patch merging, of what the block before it saw."""
    of_cells = _of_cells(seen, before)
    return Observation(layout.means(rows), None, of_cells.keys, of_cells.entropy, of_cells.received, layer)


def _of_cells(seen: Attended, layout: Layout) -> Attended:
    """Means of each cell; there is no map of attention within windows."""
    keys, entropy, received = (None if values is None else layout.means(values) for values in (seen.keys, seen.entropy, seen.received))
    return Attended(keys, entropy, received)


def _prune(rows: Tensor, layout: Layout, assignment: Assignment) -> tuple[Tensor, Layout]:
    """[B, n, C] -> rows of the cells that stay."""
    stay = assignment.kept
    kept = stay if layout.kept is None else layout.kept.gather(1, stay)
    return take(layout.by_cell(rows), stay).flatten(1, 2), lay_out(layout.grid, layout.side, kept, rows.device)
