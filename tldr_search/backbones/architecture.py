"""What decides the shape, and so the cost, of a video encoder. Never imports torch, so that costs can be counted without it.

There are two kinds: the plain transformer, which UMT, VideoMAE, CLIP and ViFi-CLIP share, and Swin with its windows and stages.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

from tldr_search.names import brief, near
from tldr_search.schedule import LARGEST, Geometry


@dataclass(frozen=True)
class TextArchitecture:
    """A text tower: BERT's shape beside UMT, CLIP's own beside CLIP and ViFi-CLIP."""

    dim: int
    """Width of a word."""
    depth: int
    """Number of layers."""
    heads: int
    """Attention heads."""
    vocab_size: int
    """Word pieces."""
    max_positions: int
    """Longest text."""
    fusion_layers: int = 0
    """The last so many layers also look at the video (UMT); 0: text alone."""
    decoder_layers: int = 0
    """Layers of the decoder that scores answers (UMT's question answering); 0: there is none."""


@dataclass(frozen=True, kw_only=True)
class Architecture(ABC):
    """What is common to both kinds."""

    name: str
    """Row name, as on the command line."""
    family: str
    """Whose checkpoints fill it: `umt`, `videomae`, `clip`, `vifi-clip` or `swin`."""
    dim: int
    """Width of a token (of Swin: in its first stage)."""
    frames: int
    """Frames per clip."""
    image_size: int = 224
    """Height and width of a frame in pixels."""
    patch_size: int = 16
    """Height and width of a patch in pixels."""
    tubelet: int = 1
    """Frames per patch."""
    mlp_ratio: int = 4
    """Hidden width of the MLP, as a multiple of the token width."""
    norm_eps: float = 1e-6
    """Epsilon of every LayerNorm in the encoder."""
    num_classes: int = 0
    """Width of the classifier; 0 means that there is none."""
    embed_dim: int = 0
    """Width of the joint video-text space; 0 means that there is none."""
    text: TextArchitecture | None = None
    """The text tower, if any."""

    @property
    def grid(self) -> tuple[int, int, int]:
        """Patches along (time, height, width)."""
        side = self.image_size // self.patch_size
        return self.frames // self.tubelet, side, side

    @property
    def num_patches(self) -> int:
        """Patches of a clip."""
        t, h, w = self.grid
        return t * h * w

    @property
    @abstractmethod
    def geometry(self) -> Geometry:
        """What a schedule must know about it."""

    def override(self, **fields: object) -> Self:
        """With some fields replaced; `ValueError` for an unknown field or a shape that does not work out."""
        known = [f.name for f in dataclasses.fields(self) if f.name not in ("name", "family")]
        for name in fields:
            if name not in known:
                raise ValueError(f"unknown architecture field {name!r} of {self.name}; {near(name, known)}")
        changed = dataclasses.replace(self, **fields)  # type: ignore[arg-type]
        changed.check()
        return changed

    def check(self) -> None:
        """`ValueError` if tokens or heads do not come out whole."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, bool) and not isinstance(value, bool):
                raise ValueError(f"{self.name}: {field.name}={value!r}; True or False would be accepted")
        self._check_whole("dim", "frames", "image_size", "patch_size", "tubelet", "mlp_ratio")
        self._check_whole("num_classes", "embed_dim", least=0)
        if not isinstance(self.norm_eps, float) or not 0 < self.norm_eps < 1:
            raise ValueError(f"{self.name}: norm_eps={self.norm_eps!r}; a small number above 0, such as 1e-6, would be accepted")
        if self.text is not None:
            self._check_text(self.text)
        self._check_multiple("image_size", "patch_size")
        self._check_multiple("frames", "tubelet")

    def _check_text(self, text: TextArchitecture) -> None:
        if not isinstance(text, TextArchitecture):
            raise ValueError(f"{self.name}: text={text!r}; None or a TextArchitecture would be accepted")
        for name, least in (
            ("dim", 1),
            ("depth", 1),
            ("heads", 1),
            ("vocab_size", 1),
            ("max_positions", 1),
            ("fusion_layers", 0),
            ("decoder_layers", 0),
        ):
            value = getattr(text, name)
            if type(value) is not int or value < least:
                raise ValueError(f"{self.name}: text.{name}={value!r}; a whole number from {least} would be accepted")
        if text.dim % text.heads or text.fusion_layers > text.depth:
            accepted = "dim a multiple of heads, and at most depth fusion_layers, would be accepted"
            raise ValueError(f"{self.name}: {text}; {accepted}")

    def _check_whole(self, *names: str, least: int = 1) -> None:
        for name in names:
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= LARGEST:
                raise ValueError(f"{self.name}: {name}={brief(value)}; a whole number from {least} to {LARGEST} would be accepted")

    def _check_tuple(self, name: str, count: int) -> None:
        values = getattr(self, name)
        if not isinstance(values, tuple) or len(values) != count or any(type(value) is not int or value < 1 for value in values):
            raise ValueError(f"{self.name}: {name}={values!r}; a tuple of {count} whole numbers from 1 would be accepted")

    def _check_multiple(self, whole: str, part: str) -> None:
        a, b = getattr(self, whole), getattr(self, part)
        if a % b:
            raise ValueError(f"{self.name}: {whole}={a} is no multiple of {part}={b}; e.g. {whole}={max(a // b, 1) * b} would be accepted")


_TAILS = {"umt": "tokens", "videomae": "mean", "clip": "class", "vifi-clip": "class"}


@dataclass(frozen=True, kw_only=True)
class PlainArchitecture(Architecture):
    """Equal pre-norm blocks over all tokens of a clip, or over those of each frame."""

    depth: int
    """Number of blocks."""
    heads: int
    """Attention heads; `dim` is a multiple of it."""
    checkpoint_frames: int = -1
    """Frames that sinusoid positions were made for; they are interpolated over time when it differs from `frames`. -1: as `frames`."""
    frame_wise: bool = False
    """Every frame is encoded by itself, as an image."""
    class_token: bool = False
    """A learned token in front; it never leaves."""
    learned_positions: bool = False
    """Positions are parameters; otherwise a fixed sinusoid over the flattened grid."""
    patch_bias: bool = True
    """The patch embedding has a bias."""
    key_bias: bool = False
    """Attention keys have a bias, too."""
    pre_norm: bool = False
    """A norm between positions and blocks."""
    activation: str = "gelu"
    """`gelu` (exact) or `quick_gelu` (x sigmoid(1.702 x))."""

    @property
    def tail(self) -> str:
        """After the last block: `tokens` (norm of each, then norm of their mean), `mean` (norm of their mean) or `class` (norm of the
        class token, and its projection to `embed_dim`).
        """
        return _TAILS[self.family]

    @property
    def sequences(self) -> int:
        """Runs of tokens per clip that do not see each other."""
        return self.grid[0] if self.frame_wise else 1

    @property
    def num_tokens(self) -> int:
        """Tokens of a sequence that enter the first block."""
        return self.num_patches // self.sequences + self.class_token

    @property
    def geometry(self) -> Geometry:
        """One sequence of tokens."""
        return Geometry(
            num_tokens=self.num_tokens,
            groups=self.grid[0],
            depth=self.depth,
            dim=self.dim,
            heads=self.heads,
            protected=int(self.class_token),
            sequences=self.sequences,
        )

    def check(self) -> None:
        """Heads and positions, too."""
        super().check()
        self._check_whole("depth", "heads")
        self._check_multiple("dim", "heads")
        if self.activation not in ("gelu", "quick_gelu"):
            raise ValueError(f"{self.name}: activation={self.activation!r}; {near(self.activation, ('gelu', 'quick_gelu'))}")
        if self.tail == "class" and not (self.class_token and self.embed_dim):
            raise ValueError(f"{self.name} without class token or joint space; class_token=True and embed_dim from 1 would be accepted")
        self._check_positions()

    def _check_positions(self) -> None:
        made_for = self.checkpoint_frames
        if made_for in (-1, self.frames):
            return
        if type(made_for) is not int or made_for < 1 or made_for % self.tubelet:
            accepted = f"-1 or a multiple of tubelet={self.tubelet} would be accepted"
            raise ValueError(f"{self.name}: checkpoint_frames={made_for!r}; {accepted}")
        if self.class_token or self.frame_wise or self.learned_positions:
            raise ValueError(
                f"{self.name}: checkpoint_frames={made_for}, but only sinusoid positions of a clip are interpolated; -1 would be accepted"
            )


STAGES = 4
"""Of a Swin."""


@dataclass(frozen=True, kw_only=True)
class SwinArchitecture(Architecture):
    """Windowed blocks in four stages; each stage after the first halves height and width and doubles the token width.

    Tokens leave in whole cells: what becomes one token of the last stage. Cells that left stay left in the later stages.
    """

    depths: tuple[int, ...]
    """Blocks in each of the four stages."""
    heads: tuple[int, ...]
    """Attention heads in each of the four stages."""
    window: tuple[int, int, int]
    """Tokens that attend to each other, along (time, height, width)."""

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return sum(self.depths)

    @property
    def cells(self) -> tuple[int, int, int]:
        """Cells along (time, height, width); the last of a row or column reaches past the frame where sizes do not come out whole."""
        t, h, w = self.grid
        return t, -(-h // 2 ** (STAGES - 1)), -(-w // 2 ** (STAGES - 1))

    @property
    def geometry(self) -> Geometry:
        """Cells are its tokens; they leave between the stages."""
        t, h, w = self.cells
        ends = tuple(sum(self.depths[: stage + 1]) - 1 for stage in range(STAGES - 1))
        return Geometry(num_tokens=t * h * w, groups=t, depth=self.depth, dim=self.dim, heads=self.heads[0], between_stages=ends)

    def check(self) -> None:
        """Stages, too."""
        super().check()
        for name, count in (("depths", STAGES), ("heads", STAGES), ("window", 3)):
            self._check_tuple(name, count)
        for stage, heads in enumerate(self.heads):
            if self.dim * 2**stage % heads:
                raise ValueError(
                    f"{self.name}: {heads} heads in stage {stage + 1} for {self.dim * 2**stage} channels; a divisor would be accepted"
                )
