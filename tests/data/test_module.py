"""Every sample exactly once, in the same batches, whatever the number of ranks."""

import pytest

from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.data.module import Clips, WholeBatches


@pytest.mark.parametrize("count", [1, 7, 25, 300])
@pytest.mark.parametrize("world", [1, 2, 3, 8])
def test_ranks_share_the_batches_of_one(count: int, world: int) -> None:
    alone = list(WholeBatches(count, 8, 0, 1))
    shared = [batch for rank in range(world) for batch in WholeBatches(count, 8, rank, world)]
    assert sorted(i for batch in alone for i in batch) == list(range(count))
    assert shared.count(alone[0]) == 1 + max(world - len(alone), 0)  # an idle rank repeats the first batch
    assert all(shared.count(batch) == 1 for batch in alone[1:])
    assert len(shared) == max(len(alone), world)


def test_clips_are_decoded_once() -> None:
    samples = BENCHMARKS["demo"].read("search")[:3]
    clips = Clips(samples, 8, 96)
    assert len(clips) == 3
    assert clips[1][1] is clips[1][1]


@pytest.mark.parametrize("split,count", [("search", 200), ("report", 300)])
def test_demo_annotations(split: str, count: int) -> None:
    samples = BENCHMARKS["demo"].read(split)
    assert len(samples) == count
    assert all(sample.video.is_file() for sample in samples)
    assert len({sample.captions for sample in samples}) == count


def test_the_demo_splits_share_no_caption() -> None:
    search, report = (BENCHMARKS["demo"].read(split) for split in ("search", "report"))
    assert not {s.captions for s in search} & {s.captions for s in report}
