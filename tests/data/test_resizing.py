"""Resizing against loops, sizes and crops against the published check values."""

import numpy as np
import pytest

from tldr_search.data.resizing import (
    centre_crop,
    short_side_rounded,
    short_side_truncated,
    squash,
    three_crops_mmaction,
    three_crops_videomae,
)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, height, width, 3), dtype=np.uint8)


def cubic(t: float, a: float = -0.75) -> float:
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0


def linear(t: float) -> float:
    return max(0.0, 1 - abs(t))


def line(values: np.ndarray, size: int, weight) -> np.ndarray:
    """One axis, four taps at any scale (no antialias), half-pixel centres, edges repeated."""
    out = np.empty((size, *values.shape[1:]))
    for i in range(size):
        centre = (i + 0.5) * len(values) / size - 0.5
        taps = range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3)
        out[i] = sum(weight(centre - j) * values[min(max(j, 0), len(values) - 1)].astype(float) for j in taps)
    return out


def looped(frame: np.ndarray, height: int, width: int, weight) -> np.ndarray:
    return line(line(frame, height, weight).swapaxes(0, 1), width, weight).swapaxes(0, 1)


@pytest.mark.parametrize("height,width", [(30, 20), (9, 40), (33, 1)])
def test_squash_is_bicubic_without_antialias(height: int, width: int) -> None:
    frames = noise(height, width)
    expected = np.clip(looped(frames[0], 16, 16, cubic), 0, 255)
    assert np.abs(squash(frames, 16)[0] - expected).max() <= 0.51


def test_squash_is_torchs_but_for_ties() -> None:
    import torch
    import torch.nn.functional as F

    frames = noise(240, 320)
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    theirs = F.interpolate(pixels, size=(224, 224), mode="bicubic", align_corners=False, antialias=False).clamp(0, 255)
    difference = squash(frames, 224) - theirs.permute(0, 2, 3, 1).numpy()
    assert np.abs(difference).max() <= 0.51


@pytest.mark.parametrize("resize,height,width", [(short_side_truncated, 16, 22), (short_side_rounded, 16, 22)])
def test_bilinear(resize, height: int, width: int) -> None:
    frames = noise(30, 42)
    assert np.abs(resize(frames, height)[0] - looped(frames[0], height, width, linear)).max() <= 1


@pytest.mark.parametrize("before,truncated,rounded", [
    ((256, 340), (224, 297), (224, 298)), ((240, 320), (224, 298), (224, 299)), ((240, 427), (224, 398), (224, 399)),
    ((427, 240), (398, 224), (399, 224)), ((224, 300), (224, 300), (224, 300)), ((100, 100), (224, 224), (224, 224)),
])  # fmt: skip
def test_sizes(before: tuple[int, int], truncated: tuple[int, int], rounded: tuple[int, int]) -> None:
    assert short_side_truncated(noise(*before), 224).shape == (1, *truncated, 3)
    assert short_side_rounded(noise(*before), 224).shape == (1, *rounded, 3)


def test_what_fits_is_untouched() -> None:
    square, wide = noise(24, 24), noise(24, 40)
    assert squash(square, 24) is square
    assert short_side_truncated(wide, 24) is wide
    assert (short_side_rounded(wide, 24) == wide).all()


def places(height: int, width: int) -> np.ndarray:
    """Each pixel says where it is: [1, H, W, (row, column, 0)], to be taken modulo 256."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, 0 * rows], -1)[None].astype(np.uint8)


def starts(crops: list[np.ndarray]) -> list[tuple[int, int]]:
    return [(int(crop[0, 0, 0, 0]), int(crop[0, 0, 0, 1])) for crop in crops]


def test_crops() -> None:
    wide, tall = places(224, 298), places(299, 224)
    assert starts(three_crops_videomae(wide, 224)) == [(0, 0), (0, 37), (0, 74)]
    assert starts(three_crops_videomae(tall, 224)) == [(0, 0), (37, 0), (75, 0)]
    assert starts(three_crops_mmaction(wide, 224)) == [(0, 0), (0, 74), (0, 37)]
    assert starts(three_crops_mmaction(tall, 224)) == [(0, 0), (74, 0), (37, 0)]
    assert starts(centre_crop(places(256, 341), 224)) == [(16, 58)]
    for crop in (*three_crops_videomae(tall, 224), *three_crops_mmaction(wide, 224), *centre_crop(wide, 224)):
        assert crop.shape == (1, 224, 224, 3)
