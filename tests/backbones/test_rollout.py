"""Attention rollout: the matrices multiplied out, clip by clip, head by head."""

import pytest
import torch

from tldr_search.backbones import encoder as module
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.encoder import VideoEncoder
from tldr_search.backbones.rollout import rollout
from tldr_search.reducers import get_method
from tldr_search.reducers.reducer import Observation
from tldr_search.tokens import Tokens, mean_over_patches

SMALL = {"dim": 12, "depth": 3, "heads": 2, "image_size": 32}
ARCHS = {
    "umt": architecture("umt-b", frames=2, **SMALL),
    "clip": architecture("clip-b16", frames=2, embed_dim=8, **SMALL),
    "vit": architecture("videomae-b", frames=4, num_classes=3, class_token=True, **SMALL),
}


def by_matrices(maps: list[torch.Tensor], protected: int) -> list[float]:
    """One sequence: R = (A_L + I) / 2 ... (A_1 + I) / 2 in float64, the mean of each column."""
    n = len(maps[0])
    whole = torch.eye(n - protected, dtype=torch.float64)
    for attention in maps:
        among = torch.zeros(n - protected, n - protected, dtype=torch.float64)
        for i in range(protected, n):
            total = sum(float(attention[i, j]) for j in range(protected, n))
            for j in range(protected, n):
                among[i - protected, j - protected] = float(attention[i, j]) / total
        whole = (0.5 * among + 0.5 * torch.eye(n - protected, dtype=torch.float64)) @ whole
    return [0.0] * protected + [sum(float(row[j]) for row in whole) / len(whole) for j in range(n - protected)]


def test_rollout_is_the_product_of_all_layers():
    maps = [torch.randn(2, 7, 7, generator=torch.Generator().manual_seed(i)).softmax(-1) for i in range(4)]
    for protected in (0, 1):
        found = rollout(maps, protected)
        for b in range(2):
            assert found[b].tolist() == pytest.approx(by_matrices([m[b] for m in maps], protected), abs=1e-6)
    assert rollout(maps).sum(1).tolist() == pytest.approx([1, 1], abs=1e-6)
    assert not torch.allclose(rollout(maps), rollout(maps[::-1]), atol=1e-4)  # the order of layers matters


@pytest.mark.parametrize("name", ARCHS)
@torch.inference_mode()
def test_the_encoder_rolls_out_the_maps_of_its_unreduced_blocks(name, monkeypatch):
    torch.manual_seed(0)
    arch = ARCHS[name]
    encoder = VideoEncoder(arch).eval()
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    video = torch.randn(3, 3, arch.frames, 32, 32)
    maps = [seen.map for seen in encoder.observe(video, frozenset({"map"}))]
    expected = torch.tensor([by_matrices([m[b] for m in maps], int(arch.class_token)) for b in range(len(maps[0]))])
    torch.testing.assert_close(encoder.rollout(video), expected, atol=1e-6, rtol=1e-5)
    monkeypatch.setattr(module, "MAPS", 1)  # clip by clip
    torch.testing.assert_close(encoder.rollout(video), expected, atol=1e-6, rtol=1e-5)


def test_a_merged_token_has_the_mean_of_its_patches():
    values = torch.tensor([[1.0, 2.0, 3.0, 4.0, 7.0]])
    rows = torch.tensor([[0, 1, 1, -1, 1]])
    assert mean_over_patches(values, rows, 2).tolist() == [[1.0, 4.0]]


class Watching:
    """A reducer, and the rollout scores that it was given in each layer."""

    def __init__(self, spec, geometry):
        self.reducer, self.given = get_method(spec).build(geometry), []
        self.needs, self.after_mlp = self.reducer.needs, self.reducer.after_mlp
        self.merges, self.proportional = self.reducer.merges, self.reducer.proportional

    def __call__(self, observation: Observation, r: int):
        self.given.append(observation.rollout)
        return self.reducer(observation, r)


@pytest.mark.parametrize("spec", ["rollout", "vid-tldr:score=rollout"])
@torch.inference_mode()
def test_every_layer_is_given_the_scores_of_its_own_tokens(spec):
    torch.manual_seed(0)
    arch = ARCHS["clip"]
    encoder = VideoEncoder(arch).eval()
    video = torch.randn(2, 3, arch.frames, 32, 32)
    scores, watching = encoder.rollout(video), Watching(spec, arch.geometry)
    encoder(video, watching, (1, 0, 1))
    assert torch.equal(watching.given[0], scores)
    tokens = encoder.blocks[0](Tokens(encoder.embed(video), None, None), get_method(spec).build(arch.geometry), 1, 0, scores)
    for b, given in enumerate(watching.given[1]):
        for k, score in enumerate(given):
            own = [float(scores[b, p]) for p in range(scores.shape[1]) if tokens.rows[b, p] == k]
            assert float(score) == pytest.approx(sum(own) / len(own), abs=1e-7)
