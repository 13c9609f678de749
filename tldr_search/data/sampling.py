"""Which frames: the published choices of clips in time, on numbers alone.

`count` is the frames of a clip, `length` the frames of the video (from 1). A clip is a list of `count` frame indices.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def trimmed(length: int, fps: float, seconds: float) -> int:
    """Frames in the first `seconds` of a video, at least one (UMT's "trimmed30" for DiDeMo)."""
    return max(1, int(seconds * fps)) if length / fps > seconds else length


def middle(count: int, length: int) -> list[list[int]]:
    """One clip: the middle of equal segments (UMT). A video shorter than `count` repeats its last sampled frame."""
    segments = min(count, length)
    edges = np.linspace(0, length, segments + 1).astype(int)  # truncates, as released
    indices = [int(low + high - 1) // 2 for low, high in pairwise(edges)]
    return [indices + indices[-1:] * (count - segments)]


def dense(count: int, length: int, num_clips: int = 5, stride: int = 4) -> list[list[int]]:
    """Windows of every fourth frame, spread evenly (VideoMAE: Kinetics, UCF101, HMDB51). The last frame fills a video that is too short."""
    indices = list(range(0, length, stride))
    indices += indices[-1:] * (count - len(indices))
    step = (len(indices) - count) / (num_clips - 1)
    return [indices[int(clip * step) :][:count] for clip in range(num_clips)]


def tsn(count: int, length: int) -> list[list[int]]:
    """Two clips that interlace: starts and middles of equal segments, sorted, dealt in turn (VideoMAE: Something-Something)."""
    tick = length / count
    indices = sorted([int(tick * x) for x in range(count)] + [int(tick / 2 + tick * x) for x in range(count)])
    return [indices[0::2], indices[1::2]]


def segment_centres(count: int, length: int) -> list[list[int]]:
    """One clip: the centres of equal segments (ViFi-CLIP)."""
    segment = length / count
    return [[int(segment * i + segment / 2) for i in range(count)]]


def swin_clips(count: int, length: int, num_clips: int = 4, interval: int = 2) -> list[list[int]]:
    """Windows of every second frame, in the middle of equal stretches (Video Swin: Kinetics). A video that is too short is looped."""
    stretch = (length - count * interval + 1) / num_clips
    starts = [int(stretch * clip + stretch / 2) if length >= count * interval else 0 for clip in range(num_clips)]
    return [[(start + interval * j) % length for j in range(count)] for start in starts]


def swin_segments(count: int, length: int) -> list[list[int]]:
    """One clip: half way between the rounded ends of equal segments, half to even (Video Swin: Something-Something)."""
    segment = (length - 1) / count
    return [[(round(segment * i) + round(segment * (i + 1))) // 2 for i in range(count)]]
