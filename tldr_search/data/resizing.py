"""Where in the frame: the published resizing and crops of uint8 frames [T, H, W, 3].

OpenCV does all of it: it is what the published code calls for bilinear, and for bicubic it agrees with torch's, which UMT's released code
calls, but for a level where a value lies half way between two (bicubic without antialias, a = -0.75, half-pixel centres, float32).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]


def squash(frames: Frames, size: int) -> Frames:
    """To a square whatever the aspect, bicubic without antialias, rounded back to uint8 (UMT). Frames that fit stay as they are."""
    import cv2

    if frames.shape[1:3] == (size, size):
        return frames
    resized = (cv2.resize(frame.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC) for frame in frames)
    return np.stack([np.rint(frame.clip(0, 255)).astype(np.uint8) for frame in resized])


def short_side_truncated(frames: Frames, size: int) -> Frames:
    """Short side to `size`, long side in proportion, truncated; bilinear (VideoMAE). Frames that fit stay as they are."""
    height, width = frames.shape[1:3]
    if min(height, width) == size:
        return frames
    if width < height:
        return _bilinear(frames, int(size * height / width), size)
    return _bilinear(frames, size, int(size * width / height))


def short_side_rounded(frames: Frames, size: int) -> Frames:
    """Short side to `size`, long side in proportion, rounded; bilinear (mmcv: Video Swin, ViFi-CLIP)."""
    height, width = frames.shape[1:3]
    scale = size / min(height, width)
    return _bilinear(frames, int(height * scale + 0.5), int(width * scale + 0.5))


def _bilinear(frames: Frames, height: int, width: int) -> Frames:
    """On uint8, without antialias."""
    import cv2

    return np.stack([np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8) for frame in frames])


def three_crops_videomae(frames: Frames, size: int) -> list[Frames]:
    """Start, middle and end of the long side, the middle one truncated; the short side is `size` (VideoMAE)."""
    step = (max(frames.shape[1:3]) - size) / 2
    return _along_the_long_side(frames, size, [int(s * step) for s in range(3)])


def three_crops_mmaction(frames: Frames, size: int) -> list[Frames]:
    """Start, end and middle of the long side, in this order, whole steps; the short side is `size` (MMAction: Video Swin)."""
    step = (max(frames.shape[1:3]) - size) // 2
    return _along_the_long_side(frames, size, [0, 2 * step, step])


def _along_the_long_side(frames: Frames, size: int, starts: list[int]) -> list[Frames]:
    height, width = frames.shape[1:3]
    assert min(height, width) == size
    if height >= width:
        return [frames[:, start : start + size] for start in starts]
    return [frames[:, :, start : start + size] for start in starts]


def centre_crop(frames: Frames, size: int) -> list[Frames]:
    """One crop in the middle, a pixel to the left and top where it is not exact (MMAction: ViFi-CLIP)."""
    top, left = ((side - size) // 2 for side in frames.shape[1:3])
    return [frames[:, top : top + size, left : left + size]]
