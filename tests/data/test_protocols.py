"""The table of protocols."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tldr_search.data.protocols import PROTOCOLS, Cut, Protocol, default_protocol

VIEWS = {
    "umt": (1, 1), "videomae-dense": (5, 3), "videomae-tsn": (2, 3), "vifi-clip": (1, 1), "clip": (1, 1), "swin-k400": (4, 3),
    "swin-ssv2": (1, 3),
}  # fmt: skip


def test_the_published_views() -> None:
    assert {name: (row.num_clips, row.num_crops) for name, row in PROTOCOLS.items()} == VIEWS


@pytest.mark.parametrize("row", PROTOCOLS.values(), ids=lambda row: row.name)
@pytest.mark.parametrize("height,width", [(30, 47), (50, 21), (32, 32), (28, 60)])
def test_a_row_gives_what_it_promises(row: Protocol, height: int, width: int) -> None:
    clips = row.clips(4, 40)
    frames = np.random.default_rng(0).integers(0, 256, (4, height, width, 3), dtype=np.uint8)
    crops = row.crops(row.resize(frames, 28), 28)
    assert (len(clips), len(crops)) == (row.num_clips, row.num_crops)
    assert {crop.shape for crop in crops} == {(4, 28, 28, 3)}
    assert Cut(row.name, 4, 28).shape == (row.num_views, 4, 28, 28, 3)


def test_vifi_clip_looks_at_the_middle_of_256_pixels() -> None:
    frames = np.zeros((1, 256, 256, 3), np.uint8)
    frames[:, 16:-16, 16:-16] = 255
    row = PROTOCOLS["vifi-clip"]
    assert (row.crops(row.resize(frames, 224), 224)[0] == 255).all()


CENTRES = [1, 4, 7, 10, 14, 17, 20, 23, 26, 29, 32, 35, 39, 42, 45, 48, 51, 54, 57, 60, 64, 67, 70, 73, 76, 79, 82, 85, 89, 92, 95, 98]
CLIPS = {
    "umt": (12, 100, [[3, 11, 20, 28, 36, 45, 53, 61, 70, 78, 86, 95]]),
    "videomae-dense": (16, 300, [[*range(start, start + 64, 4)] for start in (0, 56, 116, 176, 236)]),
    "videomae-tsn": (16, 50, [
        [0, 3, 6, 9, 12, 15, 18, 21, 25, 28, 31, 34, 37, 40, 43, 46], [1, 4, 7, 10, 14, 17, 20, 23, 26, 29, 32, 35, 39, 42, 45, 48],
    ]),
    "vifi-clip": (32, 100, [CENTRES]),
    "clip": (32, 100, [CENTRES]),
    "swin-k400": (32, 300, [[*range(start, start + 64, 2)] for start in (29, 88, 148, 207)]),
    "swin-ssv2": (32, 50, [[
        1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23, 25, 27, 28, 30, 31, 33, 34, 36, 37, 39, 40, 42, 43, 45, 46, 48,
    ]]),
}  # fmt: skip
"""Frames of a clip, frames of the video, and which of them are seen."""
PIXELS = {
    "videomae-dense": (28, 39, [0, 5, 11]), "videomae-tsn": (28, 39, [0, 5, 11]), "vifi-clip": (32, 46, [9]), "clip": (32, 46, [9]),
    "swin-k400": (28, 40, [0, 12, 6]), "swin-ssv2": (28, 40, [0, 12, 6]),
}  # fmt: skip
"""Of a video of 33 x 47 for a model that sees 28: short and long side after resizing, 39.9 or 45.6 cut off or rounded; where crops start
along the long side.
"""


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_published_frames(name: str) -> None:
    frames, length, clips = CLIPS[name]
    assert PROTOCOLS[name].clips(frames, length) == clips


def noise(upright: bool) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (3, 47, 33, 3) if upright else (3, 33, 47, 3), dtype=np.uint8)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("name", [name for name in PROTOCOLS if name != "umt"])
def test_the_published_pixels(name: str, upright: bool) -> None:
    short, long, starts = PIXELS[name]
    size = (short, long) if upright else (long, short)
    resized = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR) for frame in noise(upright)])
    aside = slice((short - 28) // 2, (short - 28) // 2 + 28)
    expected = [resized[:, start : start + 28, aside] if upright else resized[:, aside, start : start + 28] for start in starts]
    crops = PROTOCOLS[name].crops(PROTOCOLS[name].resize(noise(upright), 28), 28)
    assert np.array_equal(crops, expected)


@pytest.mark.parametrize("upright", [False, True])
def test_umts_pixels(upright: bool) -> None:
    pixels = torch.from_numpy(noise(upright)).permute(0, 3, 1, 2).float()
    theirs = F.interpolate(pixels, size=(28, 28), mode="bicubic", align_corners=False, antialias=False).clamp(0, 255).round()
    (ours,) = PROTOCOLS["umt"].crops(PROTOCOLS["umt"].resize(noise(upright), 28), 28)
    difference = np.abs(ours - theirs.permute(0, 2, 3, 1).numpy())
    assert difference.max() <= 1  # where a value lies half way between two
    assert (difference > 0).mean() < 0.01


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_published_colours(name: str) -> None:
    mean, std = PROTOCOLS[name].mean, PROTOCOLS[name].std
    if name == "clip":
        assert (mean, std) == ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
    else:
        assert np.multiply(mean, 255) == pytest.approx((123.675, 116.28, 103.53))
        assert np.multiply(std, 255) == pytest.approx((58.395, 57.12, 57.375))


@pytest.mark.parametrize("family,benchmark,name", [
    ("umt", "ssv2", "umt"), ("videomae", "ssv2", "videomae-tsn"), ("videomae", "ucf101", "videomae-dense"), ("swin", "ssv2", "swin-ssv2"),
    ("swin", "k400", "swin-k400"), ("vifi-clip", "hmdb51", "vifi-clip"), ("clip", "ucf101", "clip"),
])  # fmt: skip
def test_default_protocol(family: str, benchmark: str, name: str) -> None:
    assert default_protocol(family, benchmark) == name


def test_the_table_and_the_workers_are_light() -> None:
    code = "import sys; import tldr_search.data.{}; print([m for m in {!r} if m in sys.modules])"
    for module, heavy in (("protocols", ("torch", "cv2", "decord")), ("decoding", ("torch", "lightning"))):
        done = subprocess.run([sys.executable, "-c", code.format(module, heavy)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
