"""Pairs of video and text looked at together: which ones, and their scores (UMT).

Each query's `k_test` most similar candidates are scored again by the head that tells whether a text matches a video: its raw logit
counts, alone. A pair's logit is the same in both directions, and a video's keys and values are the same for all texts, so both are
computed once.

Notation: V videos, M texts, K tokens of a video, C channels.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.tasks.memory import fitting
from tldr_search.tasks.texts import TextStates

NO_CANDIDATE = -100.0
"""Score of what is not among a query's candidates, as published."""
IDS_AT_ONCE = 2**14
"""Ids of texts, padding included, that meet a video together: what bounds the memory."""


class Candidates(NamedTuple):
    """Pairs that are scored again."""

    t2v: Tensor
    """[V, M] bool: the video is a candidate of the text."""
    v2t: Tensor
    """[V, M] bool: the text is a candidate of the video."""

    @property
    def either(self) -> Tensor:
        """[V, M] bool."""
        return self.t2v | self.v2t

    def stage(self, videos: Tensor, texts: Tensor) -> str:
        """Of the store: other pairs of these `videos` [V] and `texts` [M] (positions in the split) are kept under another name."""
        pairs = np.packbits(self.either.numpy()).tobytes()
        return f"pairs-{hashlib.sha256(repr((videos.tolist(), texts.tolist())).encode() + pairs).hexdigest()[:16]}"


def candidates(similarity: Tensor, k_test: int) -> Candidates:
    """Similarity [V, M] -> the `k_test` (or all, if there are fewer) most similar of each query; of equals the one that comes first."""
    return Candidates(_most(similarity.T, k_test).T, _most(similarity, k_test))


def _most(scores: Tensor, k: int) -> Tensor:
    order = scores.sort(dim=1, descending=True, stable=True).indices[:, :k]
    return torch.zeros_like(scores, dtype=torch.bool).scatter(1, order, True)


def match(model: UMTRetrieval, tokens: Tensor, states: TextStates, texts: Tensor) -> Tensor:
    """One video's `Output.tokens` [K, C]; rows [B] of `states` -> [B] float32 on the CPU: logits of "match"."""
    video = model.prepare(tokens[None])
    logits = torch.empty(len(texts))
    for part in states.chunks(texts, IDS_AT_ONCE):
        for some, found in fitting(lambda rows: model.match(*states.batch(texts[rows], tokens.device), video).cpu(), part):
            logits[some] = found
    return logits
