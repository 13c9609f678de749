"""What all evaluations have in common: a row of numbers per clip, gathered over batches and devices, scored once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import lightning
from torch import Tensor, nn

from tldr_search.backbones.output import Output
from tldr_search.data.module import ClipBatch
from tldr_search.data.video import normalise
from tldr_search.metrics import RowsById
from tldr_search.tasks.outcome import Outcome


class Task(ABC, lightning.LightningModule):
    """Runs the model over a split; `reduction` may be set anew between runs, `outcome` is there after each."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.rows = RowsById()
        self.reduction: tuple[str, tuple[int, ...]] = ("none", ())
        self.outcome: Outcome | None = None

    @abstractmethod
    def row(self, output: Output) -> Tensor:
        """The numbers of each clip, float32 [B, width]."""

    @abstractmethod
    def score(self, rows: Tensor) -> Outcome:
        """All clips' rows [n, width] on the CPU, in the order of the split."""

    def on_test_epoch_start(self) -> None:
        """Nothing is left of an earlier run."""
        self.outcome = None
        self.rows.reset()

    def test_step(self, batch: ClipBatch, batch_idx: int) -> None:
        """One row per clip."""
        method, schedule = self.reduction
        self.rows.update(batch.positions, self.row(self.model(normalise(batch.video), method=method, schedule=schedule)))

    def on_test_epoch_end(self) -> None:
        """The same on every rank, on the CPU. `RuntimeError` if a clip is missing or has no finite numbers."""
        index, rows = (tensor.cpu() for tensor in self.rows.compute())
        if index.tolist() != list(range(len(index))):
            raise RuntimeError(f"{len(index)} clips came back, the last is number {index[-1].item()}: some are missing")
        wrong = index[~rows.isfinite().all(dim=1)].tolist()
        if wrong:
            raise RuntimeError(f"the model gives no finite numbers for {len(wrong)} clips, the first at position {wrong[0]} of the split")
        self.outcome = self.score(rows)
