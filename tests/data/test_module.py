"""Every video exactly once, in the same batches, whatever the number of ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tldr_search.data.benchmarks.split import Video
from tldr_search.data.decoding import BadVideo
from tldr_search.data.module import ClipLoader, Clips, WholeBatches, in_batches
from tldr_search.data.parts import part_of
from tldr_search.data.protocols import Cut

CUT = Cut("umt", 2, 4)


class Decoder:
    """Frames of one colour, the number in the file's name; names that are no number cannot be read."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, paths: Sequence[Path], cut: Cut) -> Iterator[NDArray[np.uint8] | BadVideo]:
        for path in paths:
            self.asked.append(path.name)
            if path.name.isdigit():
                yield np.full((1, cut.frames, cut.image_size, cut.image_size, 3), int(path.name), dtype=np.uint8)
            else:
                yield BadVideo(path, "no video")


def clips(names: Sequence[str], decoder: Decoder) -> Clips:
    return Clips([Video(name, Path(name)) for name in names], CUT, 1, decoder)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 7, 25, 300])
@pytest.mark.parametrize("world", [1, 2, 3, 8])
def test_ranks_share_the_batches_of_one(count: int, world: int) -> None:
    batches = in_batches(range(count), 8)
    alone = WholeBatches(batches).open
    ranks = [WholeBatches(batches, rank, world).open for rank in range(world)]
    assert sorted(i for positions in alone.values() for i in positions) == list(range(count))
    assert sum(len(rank) for rank in ranks) == len(alone)
    assert {number: positions for rank in ranks for number, positions in rank.items()} == alone


@pytest.mark.parametrize("world", [1, 2, 3])
def test_finished_batches_are_dealt_too(world: int) -> None:
    ranks = [WholeBatches(in_batches(range(30), 4), rank, world, finished=(0, 3, 5)) for rank in range(world)]
    assert sorted(number for rank in ranks for number in rank.finished) == [0, 3, 5]
    assert sorted(number for rank in ranks for number in rank.open) == [1, 2, 4, 6, 7]
    assert max(map(len, ranks)) - min(map(len, ranks)) <= 2


def test_batches_say_which_videos_are_missing() -> None:
    first, second, third = ClipLoader(clips(["3", "x", "5", "y", "z"], Decoder()), WholeBatches(in_batches(range(5), 2)))
    assert first.positions.tolist() == [0]
    assert first.video.shape == (1, 1, 2, 4, 4, 3)
    assert first.video.unique().tolist() == [3]
    assert first.excluded == ((1, "no video"),)
    assert second.positions.tolist() == [2]
    assert (third.positions.numel(), third.excluded) == (0, ((4, "no video"),))


def test_an_idle_rank_gets_one_batch_without_clips() -> None:
    loader = ClipLoader(clips(["1"], Decoder()), WholeBatches(in_batches(range(1), 2), 1, 2))
    (batch,) = loader
    assert len(loader) == 1
    assert (batch.positions.numel(), batch.excluded, batch.finished) == (0, (), False)


def test_clips_are_decoded_once_if_they_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = Decoder()
    kept = clips(["1", "2", "x"], decoder)
    for _ in range(2):
        views = [views for views in kept.read([2, 1, 0]) if not isinstance(views, BadVideo)]
        assert [int(v.max()) for v in views] == [2, 1]
    assert decoder.asked == ["x", "2", "1"]
    monkeypatch.setattr("tldr_search.data.module.MEMORY", 100)
    decoder = Decoder()
    large = clips(["1", "2"], decoder)
    assert [len(list(large.read([0, 1]))) for _ in range(2)] == [2, 2]
    assert decoder.asked == ["1", "2", "1", "2"]


@pytest.mark.parametrize("count", [1, 7, 25, 300])
def test_parts_are_made_of_the_same_batches(count: int) -> None:
    whole = in_batches(part_of(count, 1.0, 8, seed=3), 8)
    assert sorted(i for batch in whole for i in batch) == list(range(count))
    for part in (1e-9, 0.125, 0.25, 0.5, 0.9):
        batches = in_batches(part_of(count, part, 8, seed=3), 8)
        assert batches == whole[: len(batches)]
        assert abs(8 * len(batches) - part * count) <= 4 or len(batches) == 1
    if count > 25:
        assert part_of(count, 1.0, 8, seed=4) != part_of(count, 1.0, 8, seed=3)


def test_parts_that_are_none() -> None:
    for part in (0.0, -0.5, 1.01, float("nan")):
        with pytest.raises(ValueError, match="above 0, at most 1 would be accepted"):
            part_of(10, part, 2, seed=0)
