"""What every method promises on every family; a new row of either table is tested here without a change."""

import pytest
import torch

from tldr_search.backbones.architectures import ARCHITECTURES, architecture
from tldr_search.backbones.families import video_side
from tldr_search.backbones.fvcore_count import count_macs
from tldr_search.cost import CostModel
from tldr_search.reducers import METHODS, get_method

SPECS = [
    *METHODS,
    "tome:metric=features",
    "tome:sorted=on:proportional=off",
    "random:seed=5",
    "vid-tldr:score=attentiveness",
    "vid-tldr:score=rollout",
]
ALL_ONE = ("tome", "tome:metric=features", "tome:sorted=on:proportional=off")
ARCHS = {
    "umt": architecture("umt-b", dim=24, depth=5, heads=3, frames=4, image_size=48, num_classes=3),
    "videomae": architecture("videomae-b", dim=24, depth=4, heads=3, frames=8, image_size=48, num_classes=5),
    "vit": architecture("videomae-b", dim=24, depth=4, heads=3, frames=8, image_size=48, num_classes=5, class_token=True, key_bias=True),
    "clip": architecture("clip-b16", dim=24, depth=4, heads=3, frames=6, image_size=48, embed_dim=10),
    "vifi-clip": architecture("vifi-clip-b16", dim=24, depth=3, heads=3, frames=3, image_size=48, embed_dim=10),
    "swin": architecture(
        "swin-t", dim=8, depths=(1, 2, 1, 1), heads=(1, 2, 2, 4), frames=8, image_size=96, window=(2, 3, 3), num_classes=5
    ),
}
VID_TLDR = ("vid-tldr", "vid-tldr:score=attentiveness", "vid-tldr:score=rollout")
REFUSED = {
    ("vit", "sta"): "class token",
    ("swin", "rollout"): "attend within windows",
    **{("swin", s): "merges" for s in (*VID_TLDR, *ALL_ONE)},
}
PAIRS = [(a, s) for a in ARCHS for s in SPECS if (a, s) not in REFUSED]


def some(arch: str, spec: str) -> tuple[int, ...]:
    return (1, 1, 1) if arch == "swin" else (2, 1, 2) if spec == "sta" else (4, 0, 2)


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    models = {name: video_side(arch).eval() for name, arch in ARCHS.items()}
    for parameter in (p for model in models.values() for p in model.parameters()):
        torch.nn.init.normal_(parameter, std=0.3)
    return models


def clips(arch: str) -> torch.Tensor:
    row = ARCHS[arch]
    return torch.randn(3, 3, row.frames, row.image_size, row.image_size, generator=torch.Generator().manual_seed(1))


def test_every_family_of_the_table_is_here():
    assert {row.family for row in ARCHITECTURES.values()} == {row.family for row in ARCHS.values()}


@pytest.mark.parametrize("arch,spec", PAIRS)
@torch.inference_mode()
def test_tokens_leave_as_the_schedule_says(arch, spec, models):
    geometry = ARCHS[arch].geometry
    removed = sum(get_method(spec).removed(some(arch, spec), geometry))
    out = models[arch](clips(arch), spec, some(arch, spec))
    left = geometry.sequences * (geometry.num_tokens - removed)
    patches = geometry.sequences * (geometry.num_tokens - geometry.protected)
    assert out.tokens.shape[:2] == out.size.shape == (3, left)
    assert out.source.shape == (3, patches)
    assert out.tokens.isfinite().all()
    assert (out.source.max(dim=1).values == left - 1).all()
    counts = torch.stack([row[row >= 0].bincount(minlength=left) for row in out.source])
    if get_method(spec).merges:
        assert (out.source >= 0).all()
        assert ((counts == 0).sum(1) == geometry.sequences * geometry.protected).all()
        if spec in ALL_ONE:
            torch.testing.assert_close(out.size.sum(1), torch.full((3,), float(geometry.sequences * geometry.num_tokens)))
            torch.testing.assert_close(out.size, counts.clamp_min(1).float())
    else:
        assert (out.size == 1).all()
        assert ((out.source < 0).sum(1) == geometry.sequences * removed).all()


@pytest.mark.parametrize("arch,spec", PAIRS)
@torch.inference_mode()
def test_the_batch_does_not_mix(arch, spec, models):
    video = clips(arch)
    together = models[arch](video, spec, some(arch, spec))
    for i in range(3):
        alone = models[arch](video[i : i + 1], spec, some(arch, spec))
        torch.testing.assert_close(alone.tokens[0], together.tokens[i], atol=1e-5, rtol=1e-5)
        assert torch.equal(alone.source[0], together.source[i])


@pytest.mark.parametrize("arch,spec", PAIRS)
@torch.inference_mode()
def test_r_zero_is_the_model_bit_for_bit(arch, spec, models):
    zeros = (0,) * get_method(spec).slots(ARCHS[arch].geometry)
    assert torch.equal(models[arch](clips(arch), spec, zeros).tokens, models[arch](clips(arch)).tokens)


@pytest.mark.parametrize("arch,spec", PAIRS)
def test_the_cost_is_what_fvcore_counts(arch, spec):
    model = CostModel(ARCHS[arch], spec)
    for schedule in ((), some(arch, spec), model.most):
        assert model(schedule).macs == count_macs(ARCHS[arch], spec, schedule)


@pytest.mark.parametrize("arch,spec", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(arch, spec, models):
    with pytest.raises(ValueError, match="would be accepted") as error:
        models[arch](clips(arch), spec, some(arch, spec))
    assert REFUSED[arch, spec] in str(error.value)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="would be accepted"):
        CostModel(ARCHS[arch], spec)(some(arch, spec))
