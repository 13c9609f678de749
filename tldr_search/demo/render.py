"""Scenes to pixels: anti-aliased actors over a cluttered, textured, drifting background with muted distractors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tldr_search.demo.grammar import SHAPES, Actor, Scene

SIDE = 96
"""Height and width of a frame in pixels; decord decodes files narrower than 96 wrongly."""
FRAMES = 16
"""Frames of a clip."""
RGB = {
    "red": (214, 40, 40),
    "green": (46, 160, 67),
    "blue": (38, 84, 214),
    "yellow": (240, 213, 46),
    "purple": (142, 52, 178),
    "orange": (244, 134, 24),
    "cyan": (46, 204, 214),
    "white": (245, 245, 245),
}
RADIUS = {"small": 7.5, "large": 13.0}
"""Pixels from the centre to the rim."""
TRAVEL = 34.0
"""Pixels that a moving actor covers in a clip."""

Floats = NDArray[np.floating[Any]]
_Y, _X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)


def render(scene: Scene, rng: np.random.Generator, blink_frames: int) -> NDArray[np.uint8]:
    """[FRAMES, SIDE, SIDE, 3] RGB; actors blink for `blink_frames`, an even number; `rng` decides all else that the caption leaves open."""
    frames = _background(rng)
    paths = _paths(scene, rng)
    for actor, (centres, radii) in zip(scene.actors, paths, strict=True):
        own, blink = (np.clip(np.array(RGB[c]) + rng.normal(0, 9, 3), 0, 255) for c in (actor.colour, actor.blink))
        angle = rng.uniform(-0.3, 0.3)
        start = 2 * rng.integers((FRAMES - blink_frames) // 2 + 1)
        for time, (frame, centre, radius) in enumerate(zip(frames, centres, radii, strict=True)):
            colour = blink if start <= time < start + blink_frames else own
            _paint(frame, actor.shape, centre, radius, angle, colour, 1.0)
    noisy = frames + rng.normal(0, 3, frames.shape).astype(np.float32)
    pixels: NDArray[np.uint8] = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
    return pixels


def _background(rng: np.random.Generator) -> NDArray[np.float32]:
    """[FRAMES, SIDE, SIDE, 3]: a window that drifts over a larger, muted canvas with distractors painted into it."""
    canvas_side = SIDE + 48
    canvas = np.empty((canvas_side, canvas_side, 3), np.float32)
    y, x = np.mgrid[0:canvas_side, 0:canvas_side].astype(np.float32)
    texture = np.zeros((canvas_side, canvas_side), np.float32)
    for _ in range(4):
        fx, fy = rng.normal(0, 0.16, 2)
        texture += rng.uniform(0.3, 1) * np.sin(fx * x + fy * y + rng.uniform(0, 6.28)).astype(np.float32)
    clouds = np.kron(rng.normal(0, 1, (canvas_side // 12, canvas_side // 12)), np.ones((12, 12))).astype(np.float32)
    texture += 0.8 * clouds
    base = rng.uniform(60, 170) + rng.normal(0, 16, 3)
    canvas[:] = base + texture[..., None] * rng.uniform(7, 15)
    for _ in range(rng.integers(5, 9)):
        grey = base + rng.normal(0, 34) + rng.normal(0, 7, 3)
        centre = rng.uniform(6, canvas_side - 6, 2)
        _paint(canvas, SHAPES[rng.integers(len(SHAPES))], centre, rng.uniform(5, 13), rng.uniform(0, 6.28), grey, 0.85, x, y)
    direction = rng.uniform(0, 2 * np.pi)
    drift = np.array([np.sin(direction), np.cos(direction)]) * rng.uniform(0, 40)
    start = 24 - drift / 2
    offsets = np.rint(start + drift * np.linspace(0, 1, FRAMES)[:, None]).astype(int)
    return np.stack([canvas[oy : oy + SIDE, ox : ox + SIDE] for oy, ox in offsets])


def _paths(scene: Scene, rng: np.random.Generator) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Per actor (centres [FRAMES, 2] as (y, x), radii [FRAMES]); drawn again until two actors stay mostly apart."""
    for _ in range(50):
        paths = [_path(actor, rng) for actor in scene.actors]
        if len(paths) == 1:
            return paths
        (a, ra), (b, rb) = paths
        if (np.hypot(*(a - b).T) > 0.8 * (ra + rb)).mean() > 0.8:
            return paths
    return paths


def _path(actor: Actor, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    t = np.linspace(0, 1, FRAMES)
    radius = RADIUS[actor.size] * rng.uniform(0.92, 1.08)
    radii = np.full(FRAMES, radius)
    moves = np.zeros((FRAMES, 2))
    travel = TRAVEL * rng.uniform(0.85, 1.15)
    if actor.motion in ("left", "right", "up", "down"):
        axis = 1 if actor.motion in ("left", "right") else 0
        sign = -1 if actor.motion in ("left", "up") else 1
        moves[:, axis] = sign * travel * (t - 0.5)
    elif actor.motion == "circles":
        angle = 2 * np.pi * t * rng.choice((-1, 1)) + rng.uniform(0, 2 * np.pi)
        moves = 13 * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    elif actor.motion == "shakes":
        moves[:, 1] = 5 * np.where(np.arange(FRAMES) // 2 % 2, 1, -1)
    elif actor.motion == "grows":
        radii = radius * (0.62 + 0.76 * t)
    else:
        radii = radius * (1.38 - 0.76 * t)
    margin = radii.max() + 1
    low = margin - moves.min(axis=0)
    high = SIDE - margin - moves.max(axis=0)
    return rng.uniform(low, np.maximum(high, low)) + moves, radii


def _paint(
    image: NDArray[np.float32], shape: str, centre: NDArray[np.float64], radius: float, angle: float,
    colour: NDArray[np.float64], opacity: float, x: NDArray[np.float32] = _X, y: NDArray[np.float32] = _Y,
) -> None:  # fmt: skip
    """Blends a shape into `image` in place; its edge is one pixel soft."""
    cy, cx = centre
    reach = int(radius * 1.5) + 2
    rows = slice(max(int(cy) - reach, 0), max(int(cy) + reach, 0))
    columns = slice(max(int(cx) - reach, 0), max(int(cx) + reach, 0))
    dx, dy = x[rows, columns] - cx, y[rows, columns] - cy
    u = np.cos(angle) * dx + np.sin(angle) * dy
    v = np.cos(angle) * dy - np.sin(angle) * dx
    cover = np.clip(0.5 - _distance(shape, u, v, radius), 0, 1)[..., None] * opacity
    patch = image[rows, columns]
    patch += cover * (colour - patch)


def _distance(shape: str, u: Floats, v: Floats, r: float) -> Floats:
    """Approximate signed distance to the rim of `shape`, in pixels; negative inside."""
    radius: Floats = np.hypot(u, v)
    if shape == "circle":
        return np.asarray(radius - r)
    if shape == "ring":
        return np.asarray(np.abs(radius - 0.75 * r) - 0.27 * r)
    if shape == "square":
        return np.maximum(np.abs(u), np.abs(v)) - 0.88 * r
    if shape == "cross":
        arm = np.minimum(np.abs(u), np.abs(v)) - 0.3 * r
        return np.asarray(np.maximum(arm, np.maximum(np.abs(u), np.abs(v)) - r))
    if shape == "triangle":
        return np.maximum(0.866 * np.abs(u) - 0.5 * v, v) - 0.55 * r
    spikes: Floats = 0.72 + 0.38 * np.cos(5 * np.arctan2(u, -v))  # star
    return (radius - r * spikes) * 0.7
