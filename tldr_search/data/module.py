"""Videos in batches, every one exactly once, whatever the number of devices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tldr_search.data.benchmarks.split import Video
from tldr_search.data.decoding import BadVideo, Decoder
from tldr_search.data.protocols import Cut
from tldr_search.data.reading import BadVideoError, check_file

MEMORY = 2 * 2**30
"""Bytes of decoded frames that stay in memory between evaluations; of a larger split, none do."""


NOTHING = torch.empty(0, dtype=torch.int64)


class ClipBatch(NamedTuple):
    """What a task gets; all its clips may be missing."""

    number: int
    """Of the batch, whatever the number of ranks."""
    positions: Tensor
    """[B] int64: positions of the videos in their split."""
    video: Tensor
    """[B, V, T, H, W, 3] uint8: the V views of each."""
    excluded: tuple[tuple[int, str], ...] = ()
    """Positions of the videos of this batch that cannot be read, and why."""
    sizes: Tensor = NOTHING
    """[B] int64: bytes of their files."""
    finished: bool = False
    """An earlier run has finished it; there are no clips then."""


class Clips:
    """The views of a split's videos."""

    def __init__(self, videos: Sequence[Video], cut: Cut, num_views: int, decoder: Decoder) -> None:
        """`cut` says which views; `decoder` reads them from files."""
        self.videos, self._cut, self._decoder = videos, cut, decoder
        self._bytes = num_views * cut.frames * cut.image_size**2 * 3
        self._kept: dict[int, NDArray[np.uint8] | BadVideo] = {}

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def sizes(self) -> list[int]:
        """Bytes of each video's file; 0 for one that is missing."""
        return [_size(video) for video in self.videos]

    def missing(self) -> dict[int, str]:
        """Videos that need not be opened to know that they cannot be read, and why."""
        found = {}
        for i, video in enumerate(self.videos):
            try:
                check_file(video.path)
            except BadVideoError as error:
                found[i] = str(error)
        return found

    def read(self, positions: Sequence[int]) -> Iterator[NDArray[np.uint8] | BadVideo]:
        """Views [V, T, H, W, 3] of those videos, in that order."""
        missing = [i for i in positions if i not in self._kept]
        decoded = self._decoder.read([self.videos[i].path for i in missing], self._cut)
        for i in positions:
            if i in self._kept:
                yield self._kept[i]
                continue
            views = next(decoded)
            if len(self) * self._bytes <= MEMORY or isinstance(views, BadVideo):  # a bad one is so for all evaluations
                self._kept[i] = views
            yield views


def _size(video: Video) -> int:
    return video.path.stat().st_size if video.path.is_file() else 0


Batches = Sequence[Sequence[int]]
"""Positions of videos, batch by batch."""


def in_batches(positions: Sequence[int], batch_size: int) -> Batches:
    """Videos in batches, the last one perhaps smaller."""
    return [positions[start : start + batch_size] for start in range(0, len(positions), batch_size)]


class WholeBatches:
    """Batches, dealt to the ranks in turn: nothing is padded, repeated or left out.

    Batches do not depend on the number of ranks, so neither do the numbers computed from them.
    """

    def __init__(self, batches: Batches, rank: int = 0, world_size: int = 1, finished: Collection[int] = ()) -> None:
        """The `finished` batches are dealt, too, apart from the others."""
        open_ones = [number for number in range(len(batches)) if number not in finished]
        self.finished = tuple(sorted(finished)[rank::world_size])
        self.open = {number: tuple(batches[number]) for number in open_ones[rank::world_size]}

    def __len__(self) -> int:
        return len(self.finished) + len(self.open)


class ClipLoader:
    """The batches of one rank; an idle rank gets one without clips, because Lightning lets no rank have none."""

    def __init__(self, clips: Clips, batches: WholeBatches) -> None:
        self._clips, self._batches = clips, batches

    def __len__(self) -> int:
        return max(len(self._batches), 1)

    @property
    def num_open(self) -> int:
        """Videos that are not finished."""
        return sum(map(len, self._batches.open.values()))

    def __iter__(self) -> Iterator[ClipBatch]:
        if not len(self._batches):
            yield ClipBatch(-1, NOTHING, NOTHING)
        for number in self._batches.finished:
            yield ClipBatch(number, NOTHING, NOTHING, finished=True)
        views = self._clips.read([i for positions in self._batches.open.values() for i in positions])
        for number, positions in self._batches.open.items():
            yield self._batch(number, positions, [next(views) for _ in positions])

    def _batch(self, number: int, positions: Sequence[int], views: Sequence[NDArray[np.uint8] | BadVideo]) -> ClipBatch:
        found = list(zip(positions, views, strict=True))
        good = [(i, frames) for i, frames in found if not isinstance(frames, BadVideo)]
        bad = tuple((i, bad.reason) for i, bad in found if isinstance(bad, BadVideo))
        video = torch.from_numpy(np.stack([frames for _, frames in good])) if good else NOTHING
        sizes = torch.tensor([_size(self._clips.videos[i]) for i, _ in good], dtype=torch.int64)
        return ClipBatch(number, torch.tensor([i for i, _ in good], dtype=torch.int64), video, bad, sizes)


class ClipModule(lightning.LightningDataModule):
    """The test loader of one split, or of some of its videos. Use with `Trainer(use_distributed_sampler=False)`."""

    def __init__(self, clips: Clips, batches: Batches, finished: Callable[[Batches, Sequence[int]], Collection[int]]) -> None:
        """`finished(batches, sizes of all videos)`: the batches that all ranks find finished."""
        super().__init__()
        self._clips, self._batches, self._finished = clips, batches, finished

    def test_dataloader(self) -> ClipLoader:
        """The batches of this rank."""
        assert self.trainer is not None
        rank, world = self.trainer.global_rank, self.trainer.world_size
        finished = self._finished(self._batches, self._clips.sizes)
        return ClipLoader(self._clips, WholeBatches(self._batches, rank, world, finished))
