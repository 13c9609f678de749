import math

import pytest
import torch
import torch.nn.functional as F

from tldr_search.backbones import encoder as module
from tldr_search.backbones.architecture import PlainArchitecture, TextArchitecture
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.checkpoints import load_backbone
from tldr_search.backbones.encoder import Attention, VideoEncoder, sinusoid_positions
from tldr_search.reducers import METHODS, get_method
from tldr_search.tokens import Tokens

ARCH = architecture("umt-b", dim=24, depth=4, heads=3, frames=4, image_size=48)


def sized_attention(n: int = 19):
    torch.manual_seed(n)
    attention = Attention(ARCH).eval()
    torch.nn.init.normal_(attention.q_bias)
    torch.nn.init.normal_(attention.v_bias)
    return attention, torch.randn(2, n, 24), 1 + 4 * torch.rand(2, n)


def explicit(attention: Attention, x, size):
    """Per head, written out."""
    q, k, v = F.linear(x, attention.qkv.weight).chunk(3, dim=-1)
    q, v = q + attention.q_bias, v + attention.v_bias
    heads = []
    for h in range(3):
        at = slice(8 * h, 8 * h + 8)
        logits = q[..., at] @ k[..., at].transpose(1, 2) / 8**0.5
        heads.append((logits if size is None else logits + size.log()[:, None]).softmax(-1) @ v[..., at])
    return attention.proj(torch.cat(heads, -1))


@pytest.mark.parametrize("sized", [False, True])
@pytest.mark.parametrize("needs", [frozenset(), frozenset({"entropy"}), frozenset({"keys"})])
@torch.inference_mode()
def test_fused_equals_explicit_attention(needs, sized):
    attention, x, size = sized_attention()
    size = size if sized else None
    out, seen = attention(x, size, needs)
    torch.testing.assert_close(out, explicit(attention, x, size), atol=1e-6, rtol=0)
    assert (seen.keys is not None) == ("keys" in needs)


@torch.inference_mode()
def test_query_blocks_change_nothing(monkeypatch):
    attention, x, size = sized_attention()
    whole, seen = attention(x, size, frozenset({"entropy", "received"}))
    monkeypatch.setattr(module, "QUERY_BLOCK", 5)
    blocked, seen_blocked = attention(x, size, frozenset({"entropy", "received"}))
    torch.testing.assert_close(blocked, whole, atol=1e-6, rtol=0)
    torch.testing.assert_close(seen_blocked.entropy, seen.entropy, atol=1e-6, rtol=0)
    torch.testing.assert_close(seen_blocked.received, seen.received, atol=1e-6, rtol=0)


@torch.inference_mode()
def test_saliency_ignores_sizes_and_survives_underflow():
    attention, x, size = sized_attention()
    needs = frozenset({"entropy", "received"})
    assert torch.equal(attention(x, size, needs)[1].entropy, attention(x, None, needs)[1].entropy)
    sharp = attention(1e4 * x, None, needs)[1]  # most of the map underflows to 0
    assert sharp.entropy.isfinite().all()
    torch.testing.assert_close(sharp.received.sum(1), torch.ones(2))


@torch.inference_mode()
def test_class_tokens_take_no_part_in_saliency(monkeypatch):
    """Entropy over the attention that a token gives to the others, made to sum to 1; attention that it receives from the others."""
    monkeypatch.setattr(module, "QUERY_BLOCK", 2)
    q, k, v = torch.randn(3, 2, 3, 7, 8, generator=torch.Generator().manual_seed(0))
    p = torch.stack([(q[:, h] @ k[:, h].mT / 8**0.5).softmax(-1) for h in range(3)]).mean(0)
    _, (_, entropy, received, _) = module._observed_attention(q, k, v, None, protected=1)
    for b in range(2):
        for i in range(7):
            given = [float(p[b, i, j] / p[b, i, 1:].sum()) for j in range(1, 7)]
            assert float(entropy[b, i]) == pytest.approx(sum(x * math.log(x) for x in given), abs=1e-5)
            assert float(received[b, i]) == pytest.approx(sum(float(p[b, j, i]) for j in range(1, 7)) / 6, abs=1e-6)


def test_positions():
    table = sinusoid_positions(2352, 768)
    expected = torch.tensor([0.841471, 0.540302, 0.828431, 0.560091, 0.815251, 0.579108])
    torch.testing.assert_close(table[1, :6], expected, atol=1e-6, rtol=0)
    expected = torch.tensor([0.886023, 0.463642, 0.940023, -0.341112, -0.979974, 0.199127, 0.238487, 0.971146])
    torch.testing.assert_close(table[2351, [0, 1, 2, 3, 100, 101, 766, 767]], expected, atol=1e-6, rtol=0)


def test_positions_made_for_other_frames_are_interpolated():
    made = VideoEncoder(architecture("umt-b", dim=24, depth=1, heads=3, frames=8, image_size=32, checkpoint_frames=4)).positions
    table = sinusoid_positions(16, 24).view(4, 4, 24)
    torch.testing.assert_close(made.view(8, 4, 24)[0], table[0])
    torch.testing.assert_close(made.view(8, 4, 24)[1], 0.75 * table[0] + 0.25 * table[1])


def from_timm(weights):
    state = {}
    for name, value in weights.items():
        if name.endswith("attn.qkv.bias"):
            state |= {name.replace("qkv.bias", f"{part}_bias"): row for part, row in zip("qkv", value.chunk(3), strict=True)}
        else:
            state[{"cls_token": "class_token", "pos_embed": "positions"}.get(name, name)] = value
    state["patch_embed.proj.weight"] = state["patch_embed.proj.weight"][:, :, None]
    return state


@torch.inference_mode()
def test_tome_in_an_image_transformer_with_a_class_token(golden):
    case, t = golden("vit-tome"), golden("vit-tome").tensors
    arch = PlainArchitecture(
        name="vit", family="umt", dim=48, depth=4, heads=4, frames=1, image_size=64, class_token=True, learned_positions=True, key_bias=True
    )
    weights = from_timm(case.weights)
    head = weights.pop("head.weight"), weights.pop("head.bias")
    encoder = VideoEncoder(arch).eval()
    encoder.load_state_dict(weights)
    encoded = encoder(t["image"][:, :, None], get_method("tome").build(arch.geometry), case.case["removed_per_layer"])
    torch.testing.assert_close(encoded.size[:, 0], t["size"], atol=1e-5, rtol=0)
    torch.testing.assert_close(F.linear(encoded.tokens[:, 0, 0], *head), t["logits"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("picture", ["noise", "black", "flat"])
@torch.inference_mode()
def test_bfloat16_never_gives_nan(name, picture):
    torch.manual_seed(0)
    model = load_backbone("umt-b", "random", dim=24, depth=4, heads=3, frames=4, image_size=48)
    video = {"noise": torch.randn(2, 3, 4, 48, 48), "black": torch.zeros(2, 3, 4, 48, 48), "flat": torch.full((2, 3, 4, 48, 48), 3.0)}[
        picture
    ]
    schedule = (4, 2, 1) if name == "sta" else (18, 9, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        autocast = model(video, name, schedule)
    half = model.bfloat16()(video.bfloat16(), name, schedule)
    for out in (autocast, half):
        assert out.tokens.isfinite().all()
        assert out.pooled.isfinite().all()
        assert (out.size >= 1).all()


@torch.inference_mode()
def test_down_to_one_token():
    model = load_backbone("umt-b", "random", dim=24, depth=8, heads=3, frames=4, image_size=48)
    for name, schedule in (("vid-tldr", (18, 9, 4, 2, 1, 1)), ("tome", (18, 9, 4, 2, 1, 1)), ("attentiveness", (35,)), ("random", (0, 35))):
        out = model(torch.randn(2, 3, 4, 48, 48), name, schedule)
        assert out.tokens.shape == (2, 1, 24)
        assert out.pooled.isfinite().all()


def test_wrong_clips_are_named():
    with pytest.raises(ValueError, match=r"\[batch, 3, 4, 48, 48\] would be accepted"):
        VideoEncoder(ARCH)(torch.zeros(1, 3, 8, 48, 48))
    with pytest.raises(ValueError, match=r"clips of torch.uint8; normalised ones"):
        VideoEncoder(ARCH)(torch.zeros(1, 3, 4, 48, 48, dtype=torch.uint8))


@pytest.mark.parametrize(
    "fields,says",
    [
        ({"dim": 25}, "no multiple of heads=3"),
        ({"depth": 0}, "depth=0"),
        ({"dimm": 3}, "did you mean dim"),
        ({"frames": 2.5}, "frames=2.5"),
        ({"depth": True}, "depth=True"),
        ({"num_classes": -1}, "num_classes=-1"),
        ({"norm_eps": -1.0}, "norm_eps=-1.0"),
        ({"class_token": "no"}, "True or False"),
        ({"checkpoint_frames": 0}, "checkpoint_frames=0"),
        ({"checkpoint_frames": 4, "frame_wise": True}, "only sinusoid positions of a clip"),
        ({"text": "bert"}, "text='bert'"),
        ({"text": TextArchitecture(24, 2, 5, 9, 9)}, "dim a multiple of heads"),
        ({"text": TextArchitecture(24, 2, 3, 9, 9, fusion_layers=3)}, "at most depth fusion_layers"),
    ],
)
def test_impossible_architectures(fields, says):
    with pytest.raises(ValueError, match="accepted") as error:
        architecture("umt-b", **({"heads": 3, "dim": 24} | fields))
    assert says in str(error.value)


@pytest.mark.parametrize(
    "name,fields,says",
    [
        ("clip-b16", {"class_token": False}, "class_token=True"),
        ("clip-b16", {"embed_dim": 0}, "embed_dim from 1"),
        ("clip-b16", {"activation": "relu"}, "quick_gelu"),
        ("swin-t", {"depths": 2}, "a tuple of 4"),
        ("swin-t", {"depths": [1, 1, 1, 1]}, "a tuple of 4"),
        ("swin-t", {"heads": (5, 6, 12, 24)}, "5 heads in stage 1 for 96 channels"),
    ],
)
def test_impossible_architectures_of_other_families(name, fields, says):
    with pytest.raises(ValueError, match="accepted") as error:
        architecture(name, **fields)
    assert says in str(error.value)


def test_unknown_models():
    with pytest.raises(ValueError, match="did you mean umt-b"):
        architecture("umt_b")


def test_what_is_observed_is_what_the_blocks_see():
    arch = architecture("umt-b", dim=24, depth=3, heads=3, frames=2, image_size=32)
    encoder = VideoEncoder(arch).eval()
    video = torch.randn(2, 3, 2, 32, 32, generator=torch.Generator().manual_seed(0))
    seen = list(encoder.observe(video, frozenset({"map", "entropy"})))
    assert len(seen) == 3
    features = encoder.embed(video)
    for block, attended in zip(encoder.blocks, seen, strict=True):
        q, k, _ = (block.attn.qkv(block.norm1(features)) + torch.cat([block.attn.q_bias, torch.zeros(24), block.attn.v_bias])).chunk(
            3, dim=-1
        )
        heads = [(q[..., h * 8 : h * 8 + 8] @ k[..., h * 8 : h * 8 + 8].mT / 8**0.5).softmax(-1) for h in range(3)]
        expected = sum(heads) / 3
        torch.testing.assert_close(attended.map, expected, atol=1e-6, rtol=0)
        torch.testing.assert_close(attended.entropy, (expected * expected.log()).sum(-1), atol=1e-5, rtol=0)
        features = block(Tokens(features, None, None)).features
