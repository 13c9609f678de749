"""What Lightning calls on the way: how far an evaluation is, on standard error, and whether the other ranks are alive."""

from __future__ import annotations

from typing import Any

import lightning
from tqdm import tqdm

from tldr_search.data.module import ClipBatch, ClipLoader
from tldr_search.tasks.ranks import Watch


class VideoBar(lightning.Callback):
    """A bar over the videos of the first rank that are not finished, with the time left."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def on_test_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """As many as this rank has."""
        loader = trainer.test_dataloaders
        assert isinstance(loader, ClipLoader)
        self._bar = tqdm(total=loader.num_open, desc="evaluate", unit="video", disable=not trainer.is_global_zero, leave=False)

    def on_test_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: object, batch: ClipBatch, *_: object
    ) -> None:
        """So many more."""
        assert self._bar is not None
        self._bar.update(len(batch.positions) + len(batch.excluded))

    def on_test_epoch_end(self, *_: object) -> None:
        """Off the screen."""
        self._close()

    def on_exception(self, *_: object) -> None:
        """Off the screen."""
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Watcher(lightning.Callback):
    """Starts the watch over the other ranks as soon as there are any."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def setup(self, *_: object, **__: object) -> None:
        """The processes are connected."""
        self._watch.start()
