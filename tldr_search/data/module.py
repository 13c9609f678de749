"""Clips in batches, every sample exactly once, whatever the number of devices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from tldr_search.data.benchmarks.sample import Sample
from tldr_search.data.video import BadVideoError, read_frames, resize

MEMORY = 2 * 2**30
"""Bytes of decoded frames that are kept in memory; a larger split is decoded anew for every evaluation."""


class ClipBatch(NamedTuple):
    """What a task gets."""

    positions: Tensor
    """[B] int64: positions of the samples in their split."""
    video: Tensor
    """[B, T, H, W, 3] uint8"""


class Clips(Dataset[tuple[int, NDArray[np.uint8]]]):
    """The decoded clips of a split; decoded once if they fit in memory."""

    def __init__(self, samples: Sequence[Sample], frames: int, size: int) -> None:
        self.samples, self._frames, self._size = samples, frames, size
        self.in_memory = len(samples) * frames * size * size * 3 <= MEMORY
        self._kept: dict[int, NDArray[np.uint8]] = {}

    def preload(self) -> None:
        """Decodes what is kept in memory; `ValueError` with every video that is missing or cannot be decoded."""
        missing = [str(sample.video) for sample in self.samples if not sample.video.is_file()]
        if missing:
            raise ValueError(f"{len(missing)} of {len(self.samples)} videos are missing: {_some(missing)}")
        problems = []
        for index in range(len(self.samples) if self.in_memory else 0):
            try:
                self[index]
            except BadVideoError as error:
                problems.append(str(error))
        if problems:
            raise ValueError(f"{len(problems)} of {len(self.samples)} videos cannot be decoded: {_some(problems)}")

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[int, NDArray[np.uint8]]:
        if index in self._kept:
            return index, self._kept[index]
        frames = resize(read_frames(self.samples[index].video, self._frames), self._size)
        if self.in_memory:
            self._kept[index] = frames
        return index, frames


def _some(things: list[str]) -> str:
    return "; ".join(things[:5]) + (f"; and {len(things) - 5} more (all of them: tldr_search check)" if len(things) > 5 else "")


class WholeBatches(Sampler[list[int]]):
    """Consecutive batches, dealt to the ranks in turn: nothing is padded or left out.

    Batches do not depend on the number of ranks, so neither do the numbers computed from them. A rank for which there is no
    batch repeats the first one, because Lightning lets no rank be idle; whoever gathers the rows counts each clip once.
    """

    def __init__(self, count: int, batch_size: int, rank: int, world_size: int) -> None:
        batches = [list(range(start, min(start + batch_size, count))) for start in range(0, count, batch_size)]
        self._batches = batches[rank::world_size] or batches[:1]

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self._batches)


class ClipModule(lightning.LightningDataModule):
    """The test loader of one split. Use with `Trainer(use_distributed_sampler=False)`."""

    def __init__(self, clips: Clips, batch_size: int, workers: int) -> None:
        super().__init__()
        self._clips, self._batch_size, self._workers = clips, batch_size, workers

    def test_dataloader(self) -> DataLoader[tuple[int, NDArray[np.uint8]]]:
        """The batches of this rank."""
        assert self.trainer is not None
        batches = WholeBatches(len(self._clips), self._batch_size, self.trainer.global_rank, self.trainer.world_size)
        workers = 0 if self._clips.in_memory else self._workers
        return DataLoader(self._clips, batch_sampler=batches, num_workers=workers, collate_fn=_collate)


def _collate(rows: list[tuple[int, NDArray[np.uint8]]]) -> ClipBatch:
    return ClipBatch(torch.tensor([i for i, _ in rows]), torch.from_numpy(np.stack([frames for _, frames in rows])))
