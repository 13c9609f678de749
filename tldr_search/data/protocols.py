"""The table of published test protocols: which views of a video a model sees. A view is a clip (in time) x a crop (in space)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tldr_search.data import resizing, sampling
from tldr_search.data.resizing import Frames

Colour = tuple[float, float, float]
IMAGENET: tuple[Colour, Colour] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP: tuple[Colour, Colour] = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))


@dataclass(frozen=True)
class Protocol:
    """Views are ordered by clip, then by crop."""

    name: str
    """Name on the command line."""
    title: str
    """What is seen, in a line."""
    source: str
    """Where it was published."""
    num_clips: int
    num_crops: int
    clips: Callable[[int, int], list[list[int]]]
    """(frames of a clip, frames of the video) -> frame indices of each clip."""
    resize: Callable[[Frames, int], Frames]
    """([T, H, W, 3], size of the model's input) -> [T, H', W', 3]"""
    crops: Callable[[Frames, int], list[Frames]]
    """([T, H', W', 3], size) -> [T, size, size, 3] of each crop."""
    mean: Colour
    """Of RGB in [0, 1]."""
    std: Colour

    @property
    def num_views(self) -> int:
        """Clips x crops."""
        return self.num_clips * self.num_crops


class Cut(NamedTuple):
    """Everything that decides which pixels of a video a model sees."""

    protocol: str
    """Name of a row of `PROTOCOLS`."""
    frames: int
    """T, frames of a clip."""
    image_size: int
    """S, height and width of a frame."""
    trim_seconds: float | None = None
    """Only the start of the video is looked at, if it is longer than this."""

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """[views, T, S, S, 3]"""
        return (PROTOCOLS[self.protocol].num_views, self.frames, self.image_size, self.image_size, 3)


def _whole(frames: Frames, size: int) -> list[Frames]:
    assert frames.shape[1:3] == (size, size)
    return [frames]


def _short_side_256(frames: Frames, size: int) -> Frames:
    """256 for a model that sees 224, in proportion for others."""
    return resizing.short_side_rounded(frames, round(size * 256 / 224))


PROTOCOLS: dict[str, Protocol] = {
    row.name: row
    for row in (
        Protocol("umt", "the middle of equal segments, squashed to a square", "UMT's released code",
                 1, 1, sampling.middle, resizing.squash, _whole, *IMAGENET),
        Protocol("videomae-dense", "every 4th frame, 5 clips x 3 crops", "VideoMAE's released code, for Kinetics, UCF101 and HMDB51",
                 5, 3, sampling.dense, resizing.short_side_truncated, resizing.three_crops_videomae, *IMAGENET),
        Protocol("videomae-tsn", "equal segments, 2 clips x 3 crops", "VideoMAE's released code, for Something-Something v2",
                 2, 3, sampling.tsn, resizing.short_side_truncated, resizing.three_crops_videomae, *IMAGENET),
        Protocol("vifi-clip", "the centres of equal segments, the middle of the frame", "ViFi-CLIP's released code",
                 1, 1, sampling.segment_centres, _short_side_256, resizing.centre_crop, *IMAGENET),
        Protocol("clip", "as vifi-clip, in the colours that CLIP was trained with", "ViFi-CLIP's released code; CLIP's for mean and std",
                 1, 1, sampling.segment_centres, _short_side_256, resizing.centre_crop, *CLIP),
        Protocol("swin-k400", "every 2nd frame, 4 clips x 3 crops", "Video Swin's released code, for Kinetics",
                 4, 3, sampling.swin_clips, resizing.short_side_rounded, resizing.three_crops_mmaction, *IMAGENET),
        Protocol("swin-ssv2", "equal segments, 3 crops", "Video Swin's released code, for Something-Something v2",
                 1, 3, sampling.swin_segments, resizing.short_side_rounded, resizing.three_crops_mmaction, *IMAGENET),
    )
}  # fmt: skip
"""ViFi-CLIP's 4 x 3 views of its fully supervised test are not here: their clips are drawn at random, so nobody can repeat that test."""


def default_protocol(family: str, benchmark: str) -> str:
    """What a family of models was published with on a benchmark."""
    if family == "videomae":
        return "videomae-tsn" if benchmark == "ssv2" else "videomae-dense"
    if family == "swin":
        return "swin-ssv2" if benchmark == "ssv2" else "swin-k400"
    assert family in PROTOCOLS, family
    return family
