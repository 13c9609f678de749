"""Every key of the published files; what is said of files that do not fit."""

import gzip
import json
from pathlib import Path

import pytest
import torch

import tldr_search as ts
from tldr_search.backbones.checkpoints import load, load_answering, load_retrieval
from tldr_search.backbones.checkpoints.files import Checkpoint
from tldr_search.backbones.checkpoints.misfits import summary

KEYS = Path(__file__).parent / "keys"
SWIN = {"dim": 8, "depths": (1, 1, 2, 1), "heads": (1, 2, 2, 4), "window": (2, 3, 3), "frames": 4, "image_size": 64, "num_classes": 3}


@pytest.fixture
def give(monkeypatch):
    """The next files hold these shapes, without memory for them."""

    def give(shapes):
        state = {name: torch.zeros(()).expand(tuple(shape)) for name, shape in shapes.items()}
        monkeypatch.setattr(load, "read_checkpoint", lambda source: Checkpoint(state, str(source)))
        return "published.pth"

    return give


def published(name):
    keys = json.loads(gzip.decompress((KEYS / f"{name}.json.gz").read_bytes()))
    return {name: shape for name, (shape, _) in keys.items()}


LOADERS = {"ret": load_retrieval, "pt": load_retrieval, "qa": load_answering}


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("size", ["b", "l"])
@pytest.mark.filterwarnings("ignore:a UMT question answering checkpoint has no pool_norm")
def test_every_key_of_the_published_umt(give, kind, size):
    keys = published(f"{size}_{kind}")
    model = LOADERS[kind](f"umt-{size}", give(keys))
    used = set(model.state_dict())
    dropped = {name for name in keys if name.replace(".bert.", ".", 1 if kind == "pt" else 0) not in used}
    prefixes = ("clip_teacher.", "vision_encoder.clip_decoder.", "text_encoder.cls.")
    assert all(name.startswith(prefixes) or name.endswith("position_ids") for name in dropped)
    assert ts.load_backbone(f"umt-{size}", give(keys)).arch.name == f"umt-{size}"
    with pytest.raises(ValueError, match=r"unexpected vision_encoder\.encoder\.surprise$"):
        ts.load_backbone(f"umt-{size}", give(keys | {"vision_encoder.encoder.surprise": [1]}))


@pytest.mark.filterwarnings("ignore:a UMT question answering checkpoint has no pool_norm")
@pytest.mark.parametrize("beside", ["text_encoder.surprise", "text_decoder.bert.encoder.layer.0.surprise", "optimizer"])
def test_keys_beside_the_video_side_must_be_known_too(give, beside):
    keys = published("b_qa" if "decoder" in beside else "b_ret")
    with pytest.raises(ValueError, match=f"unexpected {beside}$"):
        ts.load_backbone("umt-b", give(keys | {beside: [1]}))


@pytest.mark.filterwarnings("ignore:a UMT question answering checkpoint has no pool_norm")
def test_what_a_file_looks_like(give):
    with pytest.raises(
        ValueError, match=r"this looks like umt-l \(a UMT retrieval checkpoint: dim 1024, depth 24, patch 16\), you asked for umt-b"
    ):
        ts.load_backbone("umt-b", give(published("l_ret")))
    with pytest.raises(ValueError, match=r"umt-b .a UMT question answering checkpoint.*you asked for umt-b for retrieval") as error:
        load_retrieval("umt-b", give(published("b_qa")))  # as the file once released as the pretrained one
    assert "missing vision_proj.weight" in str(error.value)
    with pytest.raises(ValueError, match=r"this looks like umt-b .a UMT retrieval.*you asked for umt-b for question answering"):
        load_answering("umt-b", give(published("b_ret")))
    with pytest.raises(ValueError, match="this looks like no checkpoint that is known here, you asked for videomae-b"):
        ts.load_backbone("videomae-b", give({"conv1.weight": [3]}))
    pretraining = {"encoder.patch_embed.proj.weight": [768, 3, 2, 16, 16], "encoder.blocks.0.attn.q_bias": [768], "mask_token": [1, 1, 384]}
    with pytest.raises(ValueError, match="the pretraining of a VideoMAE, which has no classifier"):
        ts.load_backbone("videomae-b", give(pretraining))
    of_clip = {"visual.conv1.weight": [1024, 3, 14, 14]} | {f"visual.transformer.resblocks.{i}.ln_1.bias": [1024] for i in range(24)}
    with pytest.raises(ValueError, match=r"this looks like clip-l14 \(an OpenAI CLIP: .*you asked for umt-b") as error:
        ts.load_backbone("umt-b", give(of_clip))
    assert "unexpected visual.transformer.resblocks.{0..23}.ln_1.bias" in str(error.value)


def test_a_classifier_of_another_data_set(give):
    model = ts.load_backbone("videomae-b", "random", dim=24, depth=2, heads=3, num_classes=174)
    keys = {name.removeprefix("encoder."): value.shape for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=r"head.weight is \[174, 24\] where \[400, 24\] is expected; num_classes=174 would be accepted$"):
        ts.load_backbone("videomae-b", give(keys), dim=24, depth=2, heads=3)


def test_every_misfit_is_listed_alike_names_together():
    names = [f"layers.{s}.blocks.{b}.norm1.bias" for s, depth in enumerate((2, 2, 6, 2)) for b in range(depth)]
    expected = ["layers.{0..3}.blocks.{0..1}.norm1.bias", "layers.2.blocks.{2..5}.norm1.bias"]
    assert summary(names) == expected
    assert summary([f"a.{i}" for i in (0, 1, 2, 5, 11, 12)]) == ["a.{0..2,5,11..12}"]
    assert summary([f"a.{i}.{kind}" for i in range(3) for kind in ("weight", "bias")]) == ["a.{0..2}.{bias,weight}"]
    assert summary(["a.weight", "b.bias", "bias", "weight"]) == ["a.weight", "b.bias", "bias", "weight"]
    assert summary(["norm1.bias", "a.1.b", "a.0.b", "a.2.c"]) == ["a.{0..1}.b", "a.2.c", "norm1.bias"]


def mmaction(name):
    return name.replace("head.", "cls_head.fc_cls.") if name.startswith("head.") else f"backbone.{name}"


def torchvision(name):
    parts = name.split(".")
    if parts[0] != "layers":
        return name
    if parts[2] == "downsample":
        return ".".join((f"features.{2 * int(parts[1]) + 1}", *parts[3:]))
    rest = ".".join(parts[4:]).replace("mlp.fc1", "mlp.0").replace("mlp.fc2", "mlp.3")
    return f"features.{2 * int(parts[1])}.{parts[3]}.{rest}"


@pytest.mark.parametrize("rename", [mmaction, torchvision])
def test_swin(tmp_path, rename):
    state = ts.load_backbone("swin-t", "random", **SWIN).state_dict()
    state = {name: torch.randn_like(value) for name, value in state.items()}
    index = {f"{rename(name).removesuffix('table')}index": torch.zeros(1) for name in state if name.endswith("bias_table")}
    index = {name.replace("bias_index", "index"): value for name, value in index.items()}
    torch.save({"meta": {"epoch": 30}, "state_dict": {rename(name): value for name, value in state.items()} | index}, tmp_path / "swin.pth")
    loaded = ts.load_backbone("swin-t", tmp_path / "swin.pth", **SWIN).state_dict()
    assert loaded.keys() == state.keys()
    assert all(loaded[name].equal(state[name]) for name in state)
    torch.save(state | {"layers.0.blocks.1.norm1.bias": torch.zeros(8)}, tmp_path / "more.pth")
    with pytest.raises(ValueError, match=r"unexpected layers\.0\.blocks\.1\.norm1\.bias$"):
        ts.load_backbone("swin-t", tmp_path / "more.pth", **SWIN)
    with pytest.raises(
        ValueError, match=r"this looks like a Video Swin of \w+ \(dim 8, depth \(1, 1, 2, 1\), patch 4\), you asked for swin-s"
    ):
        ts.load_backbone("swin-s", tmp_path / "swin.pth")
