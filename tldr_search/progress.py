"""What Lightning calls on the way: how far an evaluation is, on standard error, and whether the other ranks are alive."""

from __future__ import annotations

from typing import Any

import lightning
from tqdm import tqdm

from tldr_search.tasks.ranks import Watch


class VideoBar(lightning.Callback):
    """A bar over the batches of the first rank, with the time left."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def on_test_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """As many as this rank has."""
        (batches,) = trainer.num_test_batches
        self._bar = tqdm(total=int(batches), desc="evaluate", unit="batch", disable=not trainer.is_global_zero, leave=False)

    def on_test_batch_end(self, *_: object) -> None:
        """One more."""
        assert self._bar is not None
        self._bar.update()

    def on_test_end(self, *_: object) -> None:
        """Off the screen."""
        assert self._bar is not None
        self._bar.close()


class Watcher(lightning.Callback):
    """Starts the watch over the other ranks as soon as there are any."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def setup(self, *_: object, **__: object) -> None:
        """The processes are connected."""
        self._watch.start()
