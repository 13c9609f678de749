"""The table of architectures: one row per model, one plain encoder for all of them.

This module never imports torch, so that costs can be counted without it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tldr_search.names import near
from tldr_search.schedule import Geometry


@dataclass(frozen=True)
class TextArchitecture:
    """A BERT-shaped text tower (UMT, section "Text encoder")."""

    dim: int
    """Width of a word."""
    depth: int
    """Layers that run on text alone; UMT's later layers look at the video, too, and are no part of it."""
    heads: int
    """Attention heads."""
    vocab_size: int = 30522
    """Word pieces."""
    max_positions: int = 512
    """Longest text."""


@dataclass(frozen=True)
class Architecture:
    """Everything that decides the shape, and so the cost, of a video encoder."""

    name: str
    """Row name, as on the command line."""
    family: str
    """Which module builds it: `umt` or `videomae`."""
    dim: int
    """Width of a token."""
    depth: int
    """Number of blocks."""
    heads: int
    """Attention heads; `dim` is a multiple of it."""
    frames: int
    """Frames per clip."""
    image_size: int = 224
    """Height and width of a frame in pixels."""
    patch_size: int = 16
    """Height and width of a patch in pixels."""
    tubelet: int = 1
    """Frames per patch."""
    mlp_ratio: int = 4
    """Hidden width of the MLP, as a multiple of `dim`."""
    norm_eps: float = 1e-6
    """Epsilon of every LayerNorm in the encoder."""
    num_classes: int = 0
    """Width of the classifier; 0 means that there is none."""
    checkpoint_frames: int = -1
    """Frames that the positions were made for; positions are interpolated over time when it differs from `frames`. -1: as `frames`."""
    embed_dim: int = 0
    """Width of the joint video-text space; 0 means that there is none."""
    text: TextArchitecture | None = None
    """The text tower, if any."""

    @property
    def grid(self) -> tuple[int, int, int]:
        """Tokens along (time, height, width)."""
        side = self.image_size // self.patch_size
        return self.frames // self.tubelet, side, side

    @property
    def num_tokens(self) -> int:
        """Tokens that enter the first block."""
        t, h, w = self.grid
        return t * h * w

    @property
    def geometry(self) -> Geometry:
        """What a schedule must know about it."""
        return Geometry(self.num_tokens, self.grid[0], self.depth, self.dim, self.heads)


_BERT_BASE = TextArchitecture(dim=768, depth=9, heads=12)
_BERT_LARGE = TextArchitecture(dim=1024, depth=19, heads=16)

ARCHITECTURES: dict[str, Architecture] = {
    row.name: row
    for row in (
        Architecture(
            "umt-mini",
            "umt",
            dim=128,
            depth=12,
            heads=4,
            frames=8,
            image_size=96,
            num_classes=8,
            embed_dim=128,
            text=TextArchitecture(dim=128, depth=3, heads=4, vocab_size=47, max_positions=32),
        ),
        Architecture("umt-b", "umt", dim=768, depth=12, heads=12, frames=12, embed_dim=512, text=_BERT_BASE),
        Architecture("umt-l", "umt", dim=1024, depth=24, heads=16, frames=12, embed_dim=768, text=_BERT_LARGE),
        Architecture("videomae-s", "videomae", dim=384, depth=12, heads=6, frames=16, tubelet=2, num_classes=400),
        Architecture("videomae-b", "videomae", dim=768, depth=12, heads=12, frames=16, tubelet=2, num_classes=400),
        Architecture("videomae-l", "videomae", dim=1024, depth=24, heads=16, frames=16, tubelet=2, num_classes=400),
        Architecture("videomae-h", "videomae", dim=1280, depth=32, heads=16, frames=16, tubelet=2, num_classes=400),
    )
}

RANDOM = "random"
"""In place of a checkpoint: random weights, the same every time."""
PACKAGED = {"umt-mini": "umt_mini.safetensors"}
"""Model -> its weights that come with the package (in `tldr_search.demo`)."""
VOCABULARIES = ("umt-mini",)
"""Models whose vocabulary comes with the package."""


_WHOLE = ("dim", "depth", "heads", "frames", "image_size", "patch_size", "tubelet", "mlp_ratio")


def architecture(name: str, **fields: object) -> Architecture:
    """Row `name` with some fields replaced; `ValueError` for an unknown name or field, or a shape that does not work out."""
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown model {name!r}; {near(name, ARCHITECTURES)}")
    return override(ARCHITECTURES[name], **fields)


def override(arch: Architecture, **fields: object) -> Architecture:
    """`arch` with some fields replaced; `ValueError` for an unknown field or a shape that does not work out."""
    known = [f.name for f in dataclasses.fields(Architecture) if f.name not in ("name", "family")]
    for name in fields:
        if name not in known:
            raise ValueError(f"unknown architecture field {name!r}; {near(name, known)}")
    changed = dataclasses.replace(arch, **fields)  # type: ignore[arg-type]
    _check(changed)
    return changed


def _check(arch: Architecture) -> None:
    """`ValueError` if tokens or heads do not come out whole."""
    for name in _WHOLE:
        value = getattr(arch, name)
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{arch.name}: {name}={value!r}; a whole number from 1 would be accepted")
    for whole, part in (("dim", "heads"), ("image_size", "patch_size"), ("frames", "tubelet")):
        if getattr(arch, whole) % getattr(arch, part):
            a, b = getattr(arch, whole), getattr(arch, part)
            raise ValueError(f"{arch.name}: {whole}={a} is no multiple of {part}={b}; e.g. {whole}={max(a // b, 1) * b} would be accepted")
