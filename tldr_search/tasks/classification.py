"""Classification by the model's own head."""

from __future__ import annotations

from torch import Tensor, nn

from tldr_search.backbones.output import Output
from tldr_search.metrics import accuracy_metrics, class_ranks
from tldr_search.tasks.outcome import Outcome
from tldr_search.tasks.task import Task


class ClassificationTask(Task):
    """Top-1 and top-5 accuracy."""

    labels: Tensor

    def __init__(self, model: nn.Module, labels: Tensor) -> None:
        """`labels` [n] int64 of the samples, in the order of their split."""
        super().__init__(model)
        self.register_buffer("labels", labels, persistent=False)

    def row(self, output: Output) -> Tensor:
        """Class probabilities."""
        assert output.logits is not None
        return output.logits.float().softmax(dim=-1)

    def score(self, rows: Tensor) -> Outcome:
        """Accuracy over all clips."""
        ranks = class_ranks(rows, self.labels.cpu())
        return Outcome(accuracy_metrics(ranks), {"top": ranks})
