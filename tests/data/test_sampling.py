"""Which frames: the check values of the published protocols, and what holds for every length."""

from collections.abc import Callable

import pytest

from tldr_search.data.sampling import dense, middle, segment_centres, swin_clips, swin_segments, trimmed, tsn

MIDDLE = {
    (12, 100): [3, 11, 20, 28, 36, 45, 53, 61, 70, 78, 86, 95],
    (4, 100): [12, 37, 62, 87],
    (12, 7): [0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6],
    (12, 25): [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 23],
    (4, 3): [0, 1, 2, 2],
    (12, 1000): [41, 124, 207, 291, 374, 457, 541, 624, 707, 791, 874, 957],
    (3, 1): [0, 0, 0],
}


@pytest.mark.parametrize("count,length", MIDDLE)
def test_middle(count: int, length: int) -> None:
    assert middle(count, length) == [MIDDLE[count, length]]


def test_dense() -> None:
    assert [(clip[0], clip[-1]) for clip in dense(16, 300)] == [(0, 60), (56, 116), (116, 176), (176, 236), (236, 296)]
    assert dense(16, 300)[1] == list(range(56, 120, 4))
    assert dense(16, 50) == [[*range(0, 50, 4), 48, 48, 48]] * 5


def test_tsn() -> None:
    assert tsn(16, 50) == [
        [0, 3, 6, 9, 12, 15, 18, 21, 25, 28, 31, 34, 37, 40, 43, 46],
        [1, 4, 7, 10, 14, 17, 20, 23, 26, 29, 32, 35, 39, 42, 45, 48],
    ]


def test_segment_centres() -> None:
    assert segment_centres(32, 100)[0][:6] == [1, 4, 7, 10, 14, 17]
    assert segment_centres(32, 100)[0][-2:] == [95, 98]


def test_swin_clips() -> None:
    assert [clip[0] for clip in swin_clips(32, 300)] == [29, 88, 148, 207]
    assert [clip[0] for clip in swin_clips(32, 100)] == [4, 13, 23, 32]
    assert swin_clips(32, 300)[0] == list(range(29, 93, 2))
    assert swin_clips(32, 63) == [[2 * j % 63 for j in range(32)]] * 4  # one frame too few: looped


def test_swin_segments() -> None:
    # fmt: off
    assert swin_segments(32, 50) == [[1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23, 25, 27, 28, 30, 31, 33, 34, 36, 37, 39, 40,
                                      42, 43, 45, 46, 48]]
    # fmt: on


@pytest.mark.parametrize(
    "clips,count,number,in_order",
    [(middle, 12, 1, True), (dense, 16, 5, True), (tsn, 16, 2, True), (segment_centres, 32, 1, True), (swin_clips, 32, 4, False),
     (swin_segments, 32, 1, True)],
)  # fmt: skip
def test_any_length_gives_whole_clips(clips: Callable[[int, int], list[list[int]]], count: int, number: int, in_order: bool) -> None:
    for length in [*range(1, 400), 10_007]:
        found = clips(count, length)
        assert [len(clip) for clip in found] == [count] * number
        assert all(0 <= index < length for clip in found for index in clip)
        assert not in_order or all(clip == sorted(clip) for clip in found)


def test_trimmed() -> None:
    assert trimmed(900, 30, 30) == 900
    assert trimmed(901, 30, 30) == 900
    assert trimmed(2000, 29.97, 30) == 899
    assert trimmed(10, 0.01, 30) == 1
