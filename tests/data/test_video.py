"""Which frames, and how they are resized, against the published check values and a loop."""

from pathlib import Path

import numpy as np
import pytest

from tldr_search.data.benchmarks.demo import ROOT
from tldr_search.data.video import BadVideoError, middle_frames, normalise, read_frames, resize

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
def test_middle_frames(count: int, length: int) -> None:
    assert middle_frames(count, length) == MIDDLE[count, length]


def test_a_demo_clip_decodes() -> None:
    frames = read_frames(ROOT / "search" / "000.mp4", 8)
    assert frames.shape == (8, 96, 96, 3)
    assert frames.dtype == np.uint8
    assert frames.std() > 5


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    for path, reason in ((tmp_path / "missing.mp4", "no such file"), (broken, "cannot read")):
        with pytest.raises(BadVideoError, match=reason) as caught:
            read_frames(path, 4)
        assert str(path) in str(caught.value)


def _cubic(t: float, a: float = -0.75) -> float:
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0


def _resized_line(line: np.ndarray, size: int) -> np.ndarray:
    """One axis, four taps at any scale (no antialias), edges repeated."""
    out = np.empty((size, *line.shape[1:]))
    for i in range(size):
        centre = (i + 0.5) * len(line) / size - 0.5
        taps = range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3)
        out[i] = sum(_cubic(centre - j) * line[min(max(j, 0), len(line) - 1)].astype(float) for j in taps)
    return out


@pytest.mark.parametrize("height,width", [(30, 20), (9, 40), (16, 16)])
def test_resize_is_bicubic_without_antialias(height: int, width: int) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    expected = _resized_line(_resized_line(frame, 16).swapaxes(0, 1), 16).swapaxes(0, 1)
    difference = resize(frame[None], 16)[0].astype(float) - np.clip(expected, 0, 255)
    assert np.abs(difference).max() <= 0.51


def test_normalise() -> None:
    import torch

    video = torch.randint(0, 256, (2, 3, 4, 5, 3), dtype=torch.uint8)
    out = normalise(video)
    assert out.shape == (2, 3, 3, 4, 5)
    assert out[1, 2, 0, 3, 4].item() == pytest.approx((video[1, 0, 3, 4, 2].item() / 255 - 0.406) / 0.225, abs=1e-5)
