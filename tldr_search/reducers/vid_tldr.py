"""vid-TLDR (Choi et al., "vid-TLDR: Training Free Token merging for Light-weight Video Transformer", CVPR 2024), as released.

Where paper and released code differ, the code is followed: saliency from attention that is not biased by size, heads averaged
before the entropy, tokens themselves compared, only the r selected sources scaled by their saliency.

Ours, where nothing is published: a class token (CLIP) is protected and takes no part in saliency, neither its own attention nor
the attention to it; where every frame is encoded by itself, tokens merge within their frame.

Table 7's other scores, attention received and attention rollout, take the place of s; mask and scale are the same.

Notation: s = negative entropy of a token's attention, s^ = its saliency in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tldr_search.reducers.matching import check_protected, cosine, match
from tldr_search.reducers.method import Options
from tldr_search.reducers.reducer import Observation
from tldr_search.reducers.top_k import statistic
from tldr_search.schedule import Geometry
from tldr_search.tokens import Assignment

STATISTICS = {"saliency": "entropy", "attentiveness": "received", "rollout": "rollout"}
"""Option `score` -> what of an observation it is."""


def saliency(scores: Tensor) -> Tensor:
    """Scores [B, N], negative entropy as published -> [B, N] in [0, 1]: 0 for the background, 1 for the sharpest attention (Eq. 5-9).

    A clip whose tokens all have the same score has no foreground: 0 for all of them, where the released code divides 0 by 0.
    """
    s = scores.float()
    s = s - s.amin(dim=1, keepdim=True)
    s = _over_largest(s)  # Eq. 6
    above = s - s.mean(dim=1, keepdim=True)
    return _over_largest(above).masked_fill(above < 0, 0.0)  # Eq. 8-9: the mask and the scale over what it leaves


def _over_largest(values: Tensor) -> Tensor:
    largest = values.amax(dim=1, keepdim=True)
    return values / torch.where(largest > 0, largest, 1.0)


@dataclass(frozen=True)
class VidTLDR:
    """ToMe's matching on the tokens themselves; a source enters its target with its saliency as weight (Eq. 10-11)."""

    protected: int
    """1 if token 0 is a class token."""
    statistic: str = "entropy"
    """One of the values of `STATISTICS`."""

    after_mlp: ClassVar[bool] = False
    merges: ClassVar[bool] = True
    proportional: ClassVar[bool] = True  # Eq. 7

    @property
    def needs(self) -> frozenset[str]:
        """The statistic."""
        return frozenset({self.statistic})

    def __call__(self, observation: Observation, r: int) -> Assignment:
        """See `Reducer`."""
        scores = statistic(observation, self.statistic)
        similarity = (cosine(observation.features) + 1) / 2
        matching = match(similarity, r, protected=self.protected, in_order=True)
        salient = saliency(scores[:, self.protected :])
        return Assignment(*matching, weight=salient.gather(1, matching.source - self.protected))  # Eq. 10


def build(options: Options, geometry: Geometry) -> VidTLDR:
    """Option `score`."""
    check_protected("vid-tldr", geometry)
    return VidTLDR(geometry.protected, STATISTICS[options["score"]])
