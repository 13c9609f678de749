"""STA (Ding et al., "Prune Spatio-temporal Tokens by Semantic-aware Temporal Accumulation", ICCV 2023), as released.

After whole blocks at three stages. Tokens are cut into temporal groups: 8, 4 and 2 for the published 8 temporal positions.
Groups are scanned forward, backward, forward. Where Algorithm 1 and the released code differ, the code is followed.

Ours, where nothing is published: T, T/2, T/4 groups for T temporal positions (12, 6, 3 for UMT at 12 frames; 16, 8, 4 for the
cells of a Swin, between its stages); a frame that is encoded by itself (CLIP) stays a group of its own at all three stages, and
its class token takes no part.

Notation: n tokens in each of T groups, m tokens carried over from the group before, d = width of the head-mean keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from tldr_search.reducers.matching import cosine, full_precision, nearest, unit
from tldr_search.reducers.method import Options, stage_groups, stage_layers
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry
from tldr_search.tokens import Assignment


class Carried(NamedTuple):
    """What a group hands to the next one in the scan."""

    metric: Tensor
    """[B, m, d] unit keys."""
    accumulated: Tensor | None
    """[B, m] accumulated score, sum 1; None after the first group, where every token counts 1."""


def semantic_score(features: Tensor) -> Tensor:
    """[B, T, n, C] -> [B, T, n] in [0, 1]: sum of |x| over channels, min-max within the group; 0 where all are equal."""
    strength = features.float().abs().sum(dim=-1)
    strength = strength - strength.amin(dim=-1, keepdim=True)
    largest = strength.amax(dim=-1, keepdim=True)
    return strength / torch.where(largest > 0, largest, 1.0)


def first_group(metric: Tensor) -> tuple[Tensor, Carried]:
    """`metric` [B, n, d] -> order [B, n], the first to leave last: odd tokens, then even ones by rising similarity to an odd one."""
    position = torch.arange(metric.shape[1], device=metric.device).expand(len(metric), -1)
    evens = 2 * nearest(cosine(metric))[0].argsort(dim=-1, stable=True)
    order = torch.cat([position[:, 1::2], evens], dim=1)
    return order, Carried(_rows(metric, order), None)  # all n of them, also those that leave


def next_group(metric: Tensor, semantic: Tensor, before: Carried, keep: int) -> tuple[Tensor, Carried]:
    """`metric` [B, n, d], semantic [B, n] -> order [B, n] by rising score, the first to leave last."""
    transition = (metric @ before.metric.transpose(1, 2)).softmax(dim=1)  # [B, n, m], columns sum to 1
    previous = before.accumulated
    accumulated = transition.sum(dim=-1) if previous is None else (transition @ previous[..., None])[..., 0]
    order = (accumulated * (1 - semantic)).argsort(dim=-1, stable=True)
    carried = accumulated.gather(1, order[:, :keep])  # without the semantic factor
    total = carried.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
    return order, Carried(_rows(metric, order[:, :keep]), carried / total)


def _rows(values: Tensor, index: Tensor) -> Tensor:
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))


@dataclass(frozen=True)
class STA:
    """Prunes, in each group, the tokens that the groups before made expected and that are not semantically strong."""

    layers: tuple[int, ...]
    """The three blocks after which it acts."""
    groups: tuple[int, ...]
    """Groups of tokens at each of them."""
    protected: int = 0
    """Leading tokens of a sequence that stay."""
    sequences: int = 1
    """Sequences per clip; where there are several, each is one group."""

    needs: ClassVar[frozenset[str]] = frozenset({"keys"})
    after_mlp: ClassVar[bool] = True
    merges: ClassVar[bool] = False
    proportional: ClassVar[bool] = False

    def __call__(self, observation: Observation, r: int) -> Assignment:
        """See `Reducer`; r is what leaves each sequence, a multiple of its groups."""
        assert observation.keys is not None
        stage = self.layers.index(observation.layer)
        count, per_sequence = self.groups[stage], self.groups[stage] // self.sequences
        metric = self._grouped(unit(observation.keys), count)
        keep = metric.shape[2] - r // per_sequence
        with full_precision(metric):
            orders = self._scan(metric, semantic_score(self._grouped(observation.features, count)), keep, backward=stage == 1)
        kept, source = self._ungrouped(orders[:, :, :keep]), self._ungrouped(orders[:, :, keep:])
        first = torch.arange(self.protected, device=kept.device).expand(len(kept), -1)
        kept = torch.cat([first, kept + self.protected], dim=1)
        return Assignment(kept, source + self.protected, torch.zeros_like(source), torch.zeros_like(source, dtype=torch.float32))

    def _grouped(self, values: Tensor, count: int) -> Tensor:
        """[B sequences, N, ...] -> [B, count, n, ...]: groups of a clip, without the protected tokens."""
        return values[:, self.protected :].reshape(len(values) // self.sequences, count, -1, values.shape[-1])

    def _ungrouped(self, orders: Tensor) -> Tensor:
        """[B, count, k] positions in the group -> [B sequences, count / sequences x k] positions in the sequence."""
        return orders.reshape(len(orders) * self.sequences, -1)

    def _scan(self, metric: Tensor, semantic: Tensor, keep: int, *, backward: bool) -> Tensor:
        """-> [B, T, n] positions in the sequence, group by group in time, within each the first to leave last."""
        count, n = metric.shape[1:3]
        scan = range(count - 1, -1, -1) if backward else range(count)
        orders: dict[int, Tensor] = {}
        carried: Carried | None = None
        for t in scan:
            if carried is None:
                order, carried = first_group(metric[:, t])
            else:
                order, carried = next_group(metric[:, t], semantic[:, t], carried, keep)
            orders[t] = order + t % (count // self.sequences) * n
        return torch.stack([orders[t] for t in range(count)], dim=1)


def build(options: Options, geometry: Geometry) -> STA:
    """It has no options."""
    return STA(stage_layers(geometry), stage_groups(geometry), geometry.protected, geometry.sequences)
