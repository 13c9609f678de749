"""Tensors that cannot be parameters, what is beside them, and who builds meanwhile."""

import threading

import pytest
import torch
from torch import nn

import tldr_search as ts
from tldr_search.backbones.checkpoints.fill import on_meta
from tldr_search.backbones.checkpoints.layouts.clip import OPENAI_CLIP
from tldr_search.backbones.checkpoints.rules import convert

SMALL = {"dim": 12, "depth": 2, "heads": 3, "frames": 4, "image_size": 32, "num_classes": 5}
NORM = "blocks.0.norm1.weight"


@pytest.fixture(scope="module")
def weights():
    state = ts.load_backbone("videomae-b", "random", **SMALL).state_dict()
    return {name.removeprefix("encoder."): value for name, value in state.items()}


@pytest.fixture
def load(tmp_path):
    def load(state, **fields):
        torch.save(state, tmp_path / "weights.pth")
        return ts.load_backbone("videomae-b", tmp_path / "weights.pth", **SMALL | fields)

    return load


ODD = {
    "is int64 where a float is expected": torch.Tensor.long,
    "is complex64 where a float is expected": lambda x: x.to(torch.complex64),
    "is sparse_coo where a dense float is expected": torch.Tensor.to_sparse,
    "is quantized where a dense float is expected": lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.qint8),
    r"is a shape without values \(meta\)": lambda x: x.to("meta"),
    r"is \[12, 1\] where \[12\] is expected": lambda x: x[:, None],
    r"is \[\] where \[12\] is expected": torch.Tensor.sum,
}


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize("message", ODD)
def test_tensors_that_are_no_parameters(weights, load, message):
    with pytest.raises(ValueError, match=rf"encoder.{NORM} {message}$"):
        load(weights | {NORM: ODD[message](weights[NORM])})


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"model": state}])
@pytest.mark.parametrize("beside", [{"epoch": 3}, {"date": "today", "loss": None}, {"a\nb": torch.zeros(1)}, {"optimizer": {"lr": 1}}])
def test_what_is_beside_the_weights_is_named(weights, load, wrap, beside):
    expected = "; ".join(f"unexpected {' '.join(name.split())}" for name in sorted(beside))
    with pytest.raises(ValueError, match=f"{expected}$"):
        load(wrap(weights | beside))


def test_sizes_beside_an_openai_clip_may_be_numbers():
    sizes = ("input_resolution", "context_length", "vocab_size")
    assert convert({}, OPENAI_CLIP, sizes).unknown == []
    assert convert({}, OPENAI_CLIP, (*sizes, "epoch")).unknown == ["epoch"]


@pytest.mark.parametrize("shape", [(), (5,), (7,), (2, 3), (1, 2, 3)])
def test_shapes_that_no_rule_can_turn_are_left_to_be_told(shape):
    """Never an exception of torch, never a shape that fits by chance."""
    names = ["visual.proj", "visual.conv1.weight", "visual.transformer.resblocks.0.attn.in_proj_bias", "visual.class_embedding"]
    tensors = convert({name: torch.zeros(shape) for name in names}, OPENAI_CLIP).tensors
    assert tensors["vision_encoder.encoder.blocks.0.attn.q_bias"].ndim != 1
    assert tensors["vision_encoder.encoder.patch_embed.proj.weight"].ndim != 5


def test_names_of_absurd_numbers(weights, load):
    with pytest.raises(ValueError, match=r"unexpected head[.]1111"):
        load(weights | {f"head.{'1' * 5000}": torch.zeros(1)} | {f"blocks.{i}.a": torch.zeros(1) for i in range(30)})


def test_the_asked_for_sizes_are_not_called_published(weights, load):
    with pytest.raises(ValueError, match=r"this looks like a VideoMAE \(dim 12, depth 2, patch 16\): unexpected surprise$"):
        load(weights | {"surprise": torch.zeros(1)})


def test_modules_of_other_threads_keep_their_values():
    others = []

    def build():
        other = threading.Thread(target=lambda: others.append(nn.Linear(2, 2)))
        other.start()
        other.join()
        return nn.Linear(2, 2)

    assert on_meta(build).weight.is_meta
    assert not others[0].weight.is_meta
