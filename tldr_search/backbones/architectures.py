"""The table of architectures: one row per model. Never imports torch."""

from __future__ import annotations

from typing import Any

from tldr_search.backbones.architecture import Architecture, PlainArchitecture, SwinArchitecture, TextArchitecture
from tldr_search.names import near

BERT_VOCABULARY = 30522
CLIP_VOCABULARY = 49408


def _umt(name: str, dim: int, depth: int, embed_dim: int, cross_layers: int) -> Architecture:
    """UMT's towers are equally wide and deep; its decoder is as deep as the part of its text tower that looks at the video."""
    text = TextArchitecture(dim, depth, dim // 64, BERT_VOCABULARY, 512, fusion_layers=cross_layers, decoder_layers=cross_layers)
    return PlainArchitecture(name=name, family="umt", dim=dim, depth=depth, heads=dim // 64, frames=12, embed_dim=embed_dim, text=text)


def _videomae(name: str, dim: int, depth: int, heads: int) -> Architecture:
    return PlainArchitecture(name=name, family="videomae", dim=dim, depth=depth, heads=heads, frames=16, tubelet=2, num_classes=400)


def _clip(family: str, size: str, patch_size: int, dim: int, depth: int, embed_dim: int) -> Architecture:
    return PlainArchitecture(
        name=f"{family}-{size}",
        family=family,
        dim=dim,
        depth=depth,
        heads=dim // 64,
        frames=32,
        patch_size=patch_size,
        norm_eps=1e-5,
        embed_dim=embed_dim,
        text=TextArchitecture(embed_dim, 12, embed_dim // 64, CLIP_VOCABULARY, 77),
        frame_wise=True,
        class_token=True,
        learned_positions=True,
        patch_bias=False,
        key_bias=True,
        pre_norm=True,
        activation="quick_gelu",
    )


def _swin(name: str, dim: int, depth: int, heads: int, window: int = 8, classes: int = 400) -> Architecture:
    return SwinArchitecture(
        name=name,
        family="swin",
        dim=dim,
        depths=(2, 2, depth, 2),
        heads=(heads, 2 * heads, 4 * heads, 8 * heads),
        window=(window, 7, 7),
        frames=32,
        patch_size=4,
        tubelet=2,
        norm_eps=1e-5,
        num_classes=classes,
    )


ARCHITECTURES: dict[str, Architecture] = {
    row.name: row
    for row in (
        PlainArchitecture(
            name="umt-mini",
            family="umt",
            dim=128,
            depth=12,
            heads=4,
            frames=8,
            image_size=96,
            num_classes=8,
            embed_dim=128,
            text=TextArchitecture(dim=128, depth=3, heads=4, vocab_size=47, max_positions=32),
        ),
        _umt("umt-b", 768, 12, embed_dim=512, cross_layers=3),
        _umt("umt-l", 1024, 24, embed_dim=768, cross_layers=5),
        _videomae("videomae-s", 384, 12, 6),
        _videomae("videomae-b", 768, 12, 12),
        _videomae("videomae-l", 1024, 24, 16),
        _videomae("videomae-h", 1280, 32, 16),
        _clip("clip", "b16", 16, 768, 12, embed_dim=512),
        _clip("clip", "l14", 14, 1024, 24, embed_dim=768),
        _clip("vifi-clip", "b16", 16, 768, 12, embed_dim=512),
        _clip("vifi-clip", "l14", 14, 1024, 24, embed_dim=768),
        _swin("swin-t", 96, 6, 3),
        _swin("swin-s", 96, 18, 3),
        _swin("swin-b", 128, 18, 4),
        _swin("swin-b-w16", 128, 18, 4, window=16, classes=174),
    )
}

RANDOM = "random"
"""In place of a checkpoint: random weights, the same every time."""
PACKAGED = {"umt-mini": "umt_mini.safetensors"}
"""Model -> its weights that come with the package (in `tldr_search.demo`)."""
VOCABULARIES = ("umt-mini",)
"""Models whose vocabulary comes with the package."""
VOCABULARY_FILES = {
    "umt": ("vocab.txt",),
    **dict.fromkeys(("clip", "vifi-clip"), ("bpe_simple_vocab_16e6.txt.gz", "vocab.json")),
}
"""Family -> what its vocabulary is called in a directory that also holds other things."""


def architecture(name: str, **fields: Any) -> Architecture:
    """Row `name` with some fields replaced; `ValueError` for an unknown name or field, or a shape that does not work out."""
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown model {name!r}; {near(name, ARCHITECTURES, '`list models`')}")
    return ARCHITECTURES[name].override(**fields)


def overrides(arch: Architecture) -> dict[str, int]:
    """What `architecture` takes to give `arch` again, of its frames and classes: those that are not as in its row."""
    row = ARCHITECTURES[arch.name]
    return {field: getattr(arch, field) for field in ("frames", "num_classes") if getattr(arch, field) != getattr(row, field)}
