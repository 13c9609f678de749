"""Which module is the video side of which family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tldr_search.backbones.architecture import Architecture
from tldr_search.backbones.clip import CLIPVideo
from tldr_search.backbones.umt import UMTVideo
from tldr_search.backbones.video_swin import VideoSwin
from tldr_search.backbones.videomae import VideoMAE

VideoSide = UMTVideo | VideoMAE | CLIPVideo | VideoSwin
"""What encodes clips: called with a video, a method and a schedule, it answers an `Output`."""

_MODULES: dict[str, Callable[[Any], VideoSide]] = {
    "umt": UMTVideo,
    "videomae": VideoMAE,
    "clip": CLIPVideo,
    "vifi-clip": CLIPVideo,
    "swin": VideoSwin,
}


def video_side(arch: Architecture) -> VideoSide:
    """A new module, its weights at random."""
    return _MODULES[arch.family](arch)
