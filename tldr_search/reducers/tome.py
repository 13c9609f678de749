"""Token merging (Bolya et al., "Token Merging: Your ViT But Faster", ICLR 2023), as released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from tldr_search.reducers.matching import check_protected, cosine, match
from tldr_search.reducers.method import Options
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry
from tldr_search.tokens import Assignment


@dataclass(frozen=True)
class ToMe:
    """The r even tokens most similar to an odd one are merged into it, with weight 1."""

    by_features: bool
    """Compares the tokens themselves, as the ToMe rows of vid-TLDR's tables do; otherwise head-mean keys, as published."""
    in_order: bool
    """Unmerged even tokens keep their old order; otherwise they come by falling similarity."""
    proportional: bool
    """Attention is biased by log size (section 3, "Tracking token size"); off for MAE models that were not trained with ToMe."""
    protected: int
    """1 if token 0 is a class token."""

    after_mlp: ClassVar[bool] = False
    merges: ClassVar[bool] = True

    @property
    def needs(self) -> frozenset[str]:
        """Keys, unless it compares features."""
        return frozenset() if self.by_features else frozenset({"keys"})

    def __call__(self, observation: Observation, r: int) -> Assignment:
        """See `Reducer`."""
        metric = observation.features if self.by_features else observation.keys
        assert metric is not None
        matching = match(cosine(metric), r, protected=self.protected, in_order=self.in_order)
        return Assignment(*matching, weight=torch.ones_like(matching.source, dtype=torch.float32))


def build(options: Options, geometry: Geometry) -> ToMe:
    """`ValueError` if the class token would not stay in front."""
    check_protected("tome", geometry)
    if geometry.protected and options["sorted"] == "off":
        raise ValueError("tome: sorted=off moves the class token from its place; sorted=auto or sorted=on would be accepted")
    in_order = options["sorted"] == "on" or (options["sorted"] == "auto" and geometry.protected > 0)
    return ToMe(options["metric"] == "features", in_order, options["proportional"] == "on", geometry.protected)
