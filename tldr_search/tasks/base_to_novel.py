"""Base-to-novel generalisation: classes that were trained on and classes that were not, each kind told apart among itself (ViFi-CLIP)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.output import Output
from tldr_search.data.benchmarks.split import BaseToNovelSplit
from tldr_search.metrics import accuracy_metrics, class_ranks
from tldr_search.scores import Rate, harmonic_mean
from tldr_search.tasks.outcome import Mean, Outcome
from tldr_search.tasks.probabilities import probabilities, prompt_logits
from tldr_search.tasks.prompts import Prompts
from tldr_search.tasks.said import Said, Samples, overlap
from tldr_search.tasks.task import Rows, Settings, Task
from tldr_search.tasks.texts import clip_features

HARMONIC_MEAN = "hm"


class BaseToNovelTask(Task):
    """Top-1 and top-5 accuracy of base and novel videos; `hm`, the harmonic mean of the two top-1 accuracies."""

    model: CLIPRetrieval

    def __init__(self, model: CLIPRetrieval, split: BaseToNovelSplit, settings: Settings, prompts: Prompts) -> None:
        super().__init__(model, [video.name for video in split.videos], settings)
        self._labels = torch.tensor(split.labels)
        self._base = torch.arange(len(split.classes)) < split.num_base
        self._texts = prompts.tokenise(split.classes)

    def prepare(self) -> None:
        """Features of the prompts, of all classes."""
        self._prompts = clip_features(self.model, self._texts, self.device).to(self.device)

    def features(self, output: Output) -> dict[str, Tensor]:
        """Logits of the views, of all classes."""
        return {"logits": prompt_logits(self.model, output, self._prompts)}

    def rows(self, videos: Tensor, features: dict[str, Tensor]) -> Rows:
        """Probabilities [B, C] among the classes of a video's own kind; 0 for the others."""
        return Rows(videos, probabilities(features["logits"], self._competing(self._labels[videos.cpu()])))

    def _competing(self, labels: Tensor) -> Tensor:
        """[B] -> [B, C] bool."""
        return self._base == self._base[labels][:, None]

    def score(self, rows: Rows) -> Outcome:
        """`ValueError` if no video is there of one kind."""
        labels = self._labels[rows.index]
        ranks = class_ranks(rows.values.masked_fill(~self._competing(labels), -torch.inf), labels)
        names = np.array([self.names[i] for i in rows.index])
        metrics: dict[str, float] = {}
        rates: dict[str, Rate] = {}
        for kind, there in (("base", self._base[labels]), ("novel", ~self._base[labels])):
            if not there.any():
                accepted = "a larger part of the split" if len(self.videos) < len(self.names) else "at least one"
                raise ValueError(f"no video of a {kind} class is left; {accepted} would be accepted")
            metrics |= {f"{kind}_{name}": value for name, value in accuracy_metrics(ranks[there]).items()}
            own_names, videos = tuple(names[there.numpy()].tolist()), rows.index[there].numpy()
            rates |= {f"{kind}_top{k}": Rate((ranks[there] < k).double().numpy(), videos, own_names) for k in (1, 5)}
        mean = Mean(("base_top1", "novel_top1"), harmonic=True)
        metrics[HARMONIC_MEAN] = float(harmonic_mean(np.array([metrics[name] for name in mean.of])))
        predicted = rows.values.argmax(dim=1)
        columns = {"name": names, "label": labels.numpy(), "predicted": predicted.numpy(), "rank": ranks.numpy() + 1}
        of = Samples(tuple(names.tolist()), rows.index.numpy())
        return Outcome(metrics, rates, columns, Said(predicted.numpy(), of, rows.values, of, overlap), {HARMONIC_MEAN: mean})
