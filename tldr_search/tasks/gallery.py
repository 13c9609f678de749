"""What is ranked in retrieval, and what the ranks say.

Notation: V videos, M texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tldr_search.data.benchmarks.split import RetrievalSplit
from tldr_search.metrics import RECALLS, best_ranks, rank_metrics
from tldr_search.scores import Rate
from tldr_search.tasks.outcome import Mean, Outcome
from tldr_search.tasks.said import Said, Samples, same_direction


class BothWays(NamedTuple):
    """Scores of all pairs; higher is better."""

    t2v: Tensor
    """[V, M] as each text ranks the videos."""
    v2t: Tensor
    """[V, M] as each video ranks the texts."""


class Gallery:
    """The videos that are left of a split, and the texts of which a video is left.

    Equal texts are one candidate: a text that equals one of a video's own is right for the video, too, whatever it is annotated for.
    Right for a text are only the videos that it is annotated for.
    """

    def __init__(self, split: RetrievalSplit, videos: Tensor, texts: Sequence[str]) -> None:
        """`videos` [V] int64: positions in the split, rising; `texts`: all of the split, as they are told apart.

        `ValueError` if no text describes one of the videos.
        """
        self.row = {video: row for row, video in enumerate(videos.tolist())}
        """Row of each video."""
        own = {text: [v for v in described if v in self.row] for text, described in enumerate(split.videos_of_text)}
        own = {text: described for text, described in own.items() if described}
        if not own:
            raise ValueError(f"no text describes one of the {len(videos)} videos; a larger part of the split would be accepted")
        self.texts = torch.tensor(list(own))
        """[M] int64: positions in the split, rising."""
        self._relevant = torch.zeros(len(videos), len(own), dtype=torch.bool)
        for column, described in enumerate(own.values()):
            self._relevant[[self.row[v] for v in described], column] = True
        same: dict[str, list[int]] = defaultdict(list)
        for column, text in enumerate(own):
            same[texts[text]].append(column)
        self._relevant_or_equal = self._relevant.clone()
        self._num_equal = np.ones(len(own), np.int64)
        for columns in same.values():
            if len(columns) > 1:
                self._relevant_or_equal[:, columns] = self._relevant[:, columns].any(dim=1, keepdim=True)
                self._num_equal[columns] = len(columns)
        self._videos = videos
        names = text_names(split)
        self._names = {"t2v": tuple(names[text] for text in own), "v2t": tuple(split.videos[v].name for v in self.row)}
        self._clusters = {"t2v": np.array([described[0] for described in own.values()]), "v2t": videos.numpy()}

    def outcome(self, found: Mapping[str, BothWays], embeddings: Tensor) -> Outcome:
        """Scores by the prefix of their metrics -> R@1, 5, 10 both ways and their mean, median and mean rank.

        `embeddings` [V, E]: of the videos, to be compared with those of the model unreduced.
        A query whose right candidates were not looked at, where others were, ranks behind all others, in median and mean rank, too.
        A text belongs with the (first) video that it describes when it comes to how certain a rate is. Ranks count from 1 in the columns;
        `t2v_num_equal` is how many texts are equal to each, with itself.
        """
        metrics: dict[str, float] = {}
        rates: dict[str, Rate] = {}
        means: dict[str, Mean] = {}
        columns: dict[str, NDArray[Any]] = {f"{way}_name": np.array(names) for way, names in self._names.items()}
        columns["t2v_num_equal"] = self._num_equal
        for prefix, scores in found.items():
            for way, (own, relevant, candidates) in self._ways(scores).items():
                name, ranks = f"{prefix}{way}", best_ranks(own, relevant)
                metrics |= rank_metrics(ranks, name)
                rates |= {f"{name}_r{k}": self._rate(ranks < k, way) for k in RECALLS}
                columns |= {f"{name}_rank": ranks.numpy() + 1, f"{name}_predicted": np.array(candidates)[own.argmax(dim=1).numpy()]}
            for k in RECALLS:
                mean = f"{prefix}mean_r{k}"
                means[mean] = Mean((f"{prefix}t2v_r{k}", f"{prefix}v2t_r{k}"))
                metrics[mean] = sum(metrics[part] for part in means[mean].of) / 2
        first = self._videos[found[""].t2v.argmax(dim=0)].numpy()
        said = Said(first, self._samples("t2v"), embeddings, self._samples("v2t"), same_direction)
        return Outcome(metrics, rates, columns, said, means)

    def _ways(self, scores: BothWays) -> dict[str, tuple[Tensor, Tensor, tuple[str, ...]]]:
        """-> scores [queries, candidates], which are relevant, and the names of the candidates."""
        return {
            "t2v": (scores.t2v.T, self._relevant.T, self._names["v2t"]),
            "v2t": (scores.v2t, self._relevant_or_equal, self._names["t2v"]),
        }

    def _samples(self, way: str) -> Samples:
        return Samples(self._names[way], self._clusters[way])

    def _rate(self, hits: Tensor, way: str) -> Rate:
        return Rate(hits.double().numpy(), self._clusters[way], self._names[way])


def text_names(split: RetrievalSplit) -> tuple[str, ...]:
    """The name of a text's first video, and which of that video's texts it is."""
    seen: dict[int, int] = {}
    names = []
    for first, *_ in split.videos_of_text:
        seen[first] = seen.get(first, -1) + 1
        names.append(f"{split.videos[first].name}#{seen[first]}")
    return tuple(names)
