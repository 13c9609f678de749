"""The table of protocols."""

import subprocess
import sys

import numpy as np
import pytest

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


def test_the_means_in_bytes() -> None:
    assert np.allclose(np.multiply(PROTOCOLS["swin-k400"].mean, 255), (123.675, 116.28, 103.53))
    assert np.allclose(np.multiply(PROTOCOLS["vifi-clip"].std, 255), (58.395, 57.12, 57.375))
    assert PROTOCOLS["clip"].mean != PROTOCOLS["vifi-clip"].mean


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
