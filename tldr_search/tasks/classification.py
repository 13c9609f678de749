"""Classification by the model's own head, or by one prompt per class (CLIP, ViFi-CLIP)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.families import VideoSide
from tldr_search.backbones.output import Output
from tldr_search.data.benchmarks.split import ClassificationSplit
from tldr_search.metrics import accuracy_metrics, class_ranks
from tldr_search.scores import Rate
from tldr_search.tasks.outcome import Outcome
from tldr_search.tasks.probabilities import own_logits, probabilities, prompt_logits
from tldr_search.tasks.prompts import Prompts
from tldr_search.tasks.said import Said, Samples, overlap
from tldr_search.tasks.task import Rows, Settings, Task
from tldr_search.tasks.texts import clip_features


class ClassificationTask(Task):
    """Top-1 and top-5 accuracy of the probabilities, averaged over views."""

    model: VideoSide

    def __init__(self, model: VideoSide, split: ClassificationSplit, settings: Settings, prompts: Prompts | None) -> None:
        """`prompts`: for a `CLIPRetrieval`; None: `model` has a head. `ValueError` if head and classes differ, or classes have no names."""
        super().__init__(model, [video.name for video in split.videos], settings)
        self._labels = torch.tensor(split.labels)
        self._texts = None if prompts is None else prompts.tokenise(split.classes)
        if prompts is None:
            _check_head(model, split)

    def prepare(self) -> None:
        """Features of the prompts."""
        if self._texts is not None:
            assert isinstance(self.model, CLIPRetrieval)
            self._prompts = clip_features(self.model, self._texts, self.device).to(self.device)

    def features(self, output: Output) -> dict[str, Tensor]:
        """Logits of the views."""
        if self._texts is None:
            return {"logits": own_logits(output)}
        assert isinstance(self.model, CLIPRetrieval)
        return {"logits": prompt_logits(self.model, output, self._prompts)}

    def rows(self, videos: Tensor, features: dict[str, Tensor]) -> Rows:
        """Probabilities [B, C]."""
        return Rows(videos, probabilities(features["logits"]))

    def score(self, rows: Rows) -> Outcome:
        """A class that is not strictly less likely than the right one counts as ahead of it."""
        labels = self._labels[rows.index]
        ranks = class_ranks(rows.values, labels)
        names = tuple(self.names[i] for i in rows.index)
        rates = {f"top{k}": Rate((ranks < k).double().numpy(), rows.index.numpy(), names) for k in (1, 5)}
        predicted = rows.values.argmax(dim=1)
        columns = {"name": np.array(names), "label": labels.numpy(), "predicted": predicted.numpy(), "rank": ranks.numpy() + 1}
        of = Samples(names, rows.index.numpy())
        return Outcome(accuracy_metrics(ranks), rates, columns, Said(predicted.numpy(), of, rows.values, of, overlap))


def _check_head(model: VideoSide, split: ClassificationSplit) -> None:
    width = model.arch.num_classes
    if not width:
        raise ValueError(f"{model.arch.name} has no classifier (num_classes=0); num_classes, or a CLIP with prompts, would be accepted")
    if split.classes and len(split.classes) != width:
        raise ValueError(f"{model.arch.name} tells {width} classes apart, the annotations {len(split.classes)}; as many would be accepted")
    if max(split.labels) >= width:
        raise ValueError(f"{model.arch.name} tells {width} classes apart; label {max(split.labels)} is none of 0 to {width - 1}")
