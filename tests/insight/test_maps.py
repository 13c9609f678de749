"""Saliency, attentiveness and rollout against the equations, written as loops over the weights of small random models."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from tldr_search.backbones.checkpoints import load_backbone
from tldr_search.backbones.families import VideoSide
from tldr_search.backbones.video_swin import VideoSwin
from tldr_search.insight.maps import encoder_of, maps

DEPTH, HEADS, FRAMES = 3, 2, 2
TINY = {"dim": 16, "depth": DEPTH, "heads": HEADS, "frames": FRAMES, "image_size": 48, "patch_size": 16}


def sharp(model: VideoSide) -> VideoSide:
    """Random weights attend to everything alike; larger ones do not."""
    for name, weight in model.named_parameters():
        if "qkv" in name:
            weight.mul_(8)
    return model


def clip_of(model: VideoSide) -> Tensor:
    arch = model.arch
    return torch.randn(1, 3, arch.frames, arch.image_size, arch.image_size, generator=torch.Generator().manual_seed(1))


def attentions(model: VideoSide, clip: Tensor) -> list[np.ndarray]:
    """[S, N, N] float64 head-mean attention of every block, from its queries and keys."""
    encoder, found = encoder_of(model), []
    x = encoder.embed(clip)
    for block in encoder.blocks:
        attn, normed = block.attn, block.norm1(x)
        q_weight, k_weight, _ = attn.qkv.weight.chunk(3)
        q, k = normed @ q_weight.T + attn.q_bias, normed @ k_weight.T + (0 if attn.k_bias is None else attn.k_bias)
        q, k = (y.view(*y.shape[:2], HEADS, -1).double().numpy() for y in (q, k))
        heads = []
        for h in range(HEADS):
            logits = np.einsum("sid,sjd->sij", q[:, :, h], k[:, :, h]) / math.sqrt(q.shape[-1])
            e = np.exp(logits - logits.max(axis=-1, keepdims=True))
            heads.append(e / e.sum(axis=-1, keepdims=True))
        found.append(np.mean(heads, axis=0))
        x = x + attn(normed, None, frozenset())[0]
        x = x + block.mlp(block.norm2(x))
    return found


def saliency_by_hand(attention: np.ndarray) -> list[float]:
    """vid-TLDR, Eq. 5-9, of one sequence [n, n]."""
    s = [sum(p * math.log(p) for p in row if p > 0) for row in attention]
    low, high = min(s), max(s)
    s = [(value - low) / (high - low) for value in s]
    mean = sum(s) / len(s)
    above = [max(value - mean, 0.0) for value in s]
    return [value / max(above) for value in above]


def without(attention: np.ndarray, protected: int) -> np.ndarray:
    among = attention[:, protected:, protected:]
    return among / among.sum(axis=-1, keepdims=True)


def check(model: VideoSide, protected: int) -> None:
    with torch.inference_mode():
        model = sharp(model)
        clip = clip_of(model)
        found, expected = maps(model, clip), attentions(model, clip)
    assert found.layers == (1, 2, 3)
    for layer, attention in enumerate(expected):
        among = without(attention, protected)
        by_hand = np.concatenate([saliency_by_hand(sequence) for sequence in among])
        np.testing.assert_allclose(found.of["saliency"][layer].float(), by_hand, atol=5e-3)
        received = np.concatenate([sequence[protected:, protected:].mean(axis=0) for sequence in attention])
        np.testing.assert_allclose(found.of["attentiveness"][layer].float(), received / received.mean(), rtol=2e-3, atol=1e-6)
    product = np.broadcast_to(np.eye(expected[0].shape[1] - protected), without(expected[0], protected).shape)
    for attention in expected:
        product = (0.5 * without(attention, protected) + 0.5 * np.eye(product.shape[1])) @ product
    reached = product.mean(axis=1).flatten()
    assert found.of["rollout"].shape == (1, model.arch.num_patches)
    np.testing.assert_allclose(found.of["rollout"][0].float(), reached / reached.mean(), rtol=2e-3, atol=1e-6)
    assert found.of["attentiveness"].float().std() > 0.05, "a map that is even everywhere tells nothing"


def test_a_clip_is_one_sequence() -> None:
    check(load_backbone("umt-b", "random", **TINY), protected=0)


def test_videomae_has_its_encoder_elsewhere() -> None:
    check(load_backbone("videomae-b", "random", **TINY | {"frames": 4, "tubelet": 2, "num_classes": 3}), protected=0)


def test_class_tokens_take_no_part_and_frames_are_apart() -> None:
    check(load_backbone("clip-b16", "random", **TINY | {"embed_dim": 8}), protected=1)


def test_a_swin_has_maps_of_cells_between_stages_and_no_rollout() -> None:
    model = load_backbone("swin-t", "random", dim=12, frames=4, image_size=64, num_classes=3)
    assert isinstance(model, VideoSwin)
    with torch.inference_mode():
        clip = clip_of(model)
        found = maps(model, clip)
        rows = model.patch_embed(clip)
        layout = model._lay_out(0, None, rows.device)
        _, seen = model.layers[0](rows, layout, frozenset({"entropy", "received"}))
    assert found.layers == (2, 4, 10)
    assert set(found.of) == {"saliency", "attentiveness"}
    _, h, w = model.arch.grid
    cells = np.zeros(model.arch.cells)
    for i, value in enumerate(seen.received[0].tolist()):
        time, y, x = i // (h * w), i // w % h, i % w
        cells[time, y // 8, x // 8] += value / 64
    np.testing.assert_allclose(found.of["attentiveness"][0].float(), (cells / cells.mean()).flatten(), rtol=2e-3, atol=1e-6)
    assert found.of["saliency"].shape == (3, math.prod(model.arch.cells))


@pytest.mark.parametrize("name", ["umt-b", "clip-b16"])
def test_clips_do_not_mix(name: str) -> None:
    fields = TINY | {"embed_dim": 8} if name == "clip-b16" else TINY
    model = load_backbone(name, "random", **fields)
    with torch.inference_mode():
        both = torch.cat([clip_of(model), torch.zeros_like(clip_of(model))])
        alone = maps(model, both[:1]).of["attentiveness"]
        seen = next(iter(encoder_of(model).observe(both, frozenset({"received"}))))
    per_clip = seen.received[: len(seen.received) // 2, model.arch.geometry.protected :].flatten()
    np.testing.assert_allclose(alone[0].float(), per_clip / per_clip.mean(), rtol=2e-3, atol=1e-6)
