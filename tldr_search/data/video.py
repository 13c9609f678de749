"""From a video file to the frames that a model sees: which frames, decoded by decord, resized as published."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


class BadVideoError(ValueError):
    """A video that cannot be decoded; the message says which and why."""


def middle_frames(count: int, length: int) -> list[int]:
    """`count` frame indices of a video of `length` frames: the middle of equal segments (UMT's "middle" sampling).

    A video shorter than `count` repeats its last sampled frame.
    """
    segments = min(count, length)
    edges = np.linspace(0, length, segments + 1).astype(int)  # truncates, as released
    indices = [int(low + high - 1) // 2 for low, high in pairwise(edges)]
    return indices + indices[-1:] * (count - segments)


def read_frames(path: Path, count: int) -> NDArray[np.uint8]:
    """`count` frames of the file, [T, H, W, 3] RGB; `BadVideoError` when it cannot be decoded."""
    import decord

    if not path.is_file():
        raise BadVideoError(f"{path}: no such file")
    try:
        reader = decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=1)
        if len(reader) == 0:
            raise BadVideoError(f"{path}: holds no frame")
        frames: NDArray[np.uint8] = reader.get_batch(middle_frames(count, len(reader))).asnumpy()
    except (decord.DECORDError, RuntimeError) as error:
        reason = str(error).strip().splitlines()
        raise BadVideoError(f"{path}: decord cannot read it ({reason[0] if reason else type(error).__name__})") from error
    return frames


def resize(frames: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """[T, H, W, 3] -> [T, size, size, 3]: bicubic without antialias, aspect not kept, rounded back to uint8 (UMT)."""
    if frames.shape[1:3] == (size, size):
        return frames
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    resized = F.interpolate(pixels, size=(size, size), mode="bicubic", align_corners=False, antialias=False)
    return np.asarray(resized.clamp(0, 255).round().byte().permute(0, 2, 3, 1).numpy())


IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalise(video: Tensor) -> Tensor:
    """uint8 [B, T, H, W, 3] -> float32 [B, 3, T, H, W], ImageNet mean and standard deviation (UMT, VideoMAE)."""
    mean, std = (torch.tensor(v, device=video.device).view(3, 1, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    return (video.permute(0, 4, 1, 2, 3).float() / 255 - mean) / std
