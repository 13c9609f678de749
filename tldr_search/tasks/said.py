"""What a model says, right or not, and how much of it is left when tokens leave: rates that need no labels.

Notation: n samples, V videos (or questions).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tldr_search.scores import Rate

ROWS_AT_ONCE = 4096


class Samples(NamedTuple):
    """Of what something is said."""

    names: tuple[str, ...]
    clusters: NDArray[np.int64]
    """The video that each is of."""


class Said(NamedTuple):
    """By one schedule, in the order of the split."""

    predicted: NDArray[np.int64]
    """[n] the answer to each sample: a video's, a class's, an answer's position; of equals the first."""
    of: Samples
    content: Tensor
    """[V, width] all that is said of a video: its embedding, or probabilities."""
    contents: Samples
    close: Callable[[Tensor, Tensor], Tensor]
    """Two contents -> [V] how close they are, in [0, 1]; 1 for equal ones."""


def agreement(said: Said, unreduced: Said) -> Rate:
    """How many samples are answered as they are by the model unreduced."""
    assert said.of.names == unreduced.of.names
    return Rate((said.predicted == unreduced.predicted).astype(float), said.of.clusters, said.of.names)


def fidelity(said: Said, unreduced: Said) -> Rate:
    """How close what is said of a video is to what the model says unreduced, on average."""
    assert said.contents.names == unreduced.contents.names
    close = said.close(said.content.double(), unreduced.content.double())
    return Rate(close.clamp(0, 1).numpy(), said.contents.clusters, said.contents.names)  # the clamp is for rounding


LABEL_FREE: dict[str, Callable[[Said, Said], Rate]] = {"agreement": agreement, "fidelity": fidelity}
"""Rates of every task, which compare with the model unreduced."""


def same_direction(a: Tensor, b: Tensor) -> Tensor:
    """Embeddings [V, E] -> [V] (1 + cosine) / 2."""
    return (1 + torch.cosine_similarity(a, b, dim=1)) / 2


def overlap(a: Tensor, b: Tensor) -> Tensor:
    """Probabilities [V, C] -> [V] 1 - their total variation distance (half the sum of absolute differences)."""
    return 1 - (a - b).abs().sum(dim=1) / 2


def overlap_of_likeliest(a: Tensor, b: Tensor) -> Tensor:
    """As `overlap`, for `likeliest` ones [V, 2 k]: what is not among the k has probability 0."""
    found = []
    for some_a, some_b in zip(a.split(ROWS_AT_ONCE), b.split(ROWS_AT_ONCE), strict=True):  # type: ignore[no-untyped-call]
        parts = [some.chunk(2, dim=1) for some in (some_a, some_b)]
        width = 1 + max(int(classes.max()) for classes, _ in parts)
        whole = [values.new_zeros(len(values), width).scatter(1, classes.long(), values) for classes, values in parts]
        found.append(overlap(*whole))
    return torch.cat(found)


def likeliest(classes: Tensor, probabilities: Tensor) -> Tensor:
    """Classes [V, k] and their probabilities [V, k] -> [V, 2 k], of the type of the probabilities."""
    return torch.cat([classes.to(probabilities.dtype), probabilities], dim=1)
