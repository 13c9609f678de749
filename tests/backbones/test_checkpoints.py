import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

import tldr_search as ts
from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.checkpoints import load_answering, load_retrieval, read_state

SMALL = {"dim": 48, "depth": 4, "heads": 4, "frames": 4, "image_size": 64, "patch_size": 16, "checkpoint_frames": 4}
TEXT_SIDE = {
    "text_encoder.embeddings.word_embeddings.weight": torch.zeros(9, 8),
    "text_proj.weight": torch.zeros(2, 2),
    "temp": torch.tensor(0.07),
    "vision_proj.bias": torch.zeros(2),
    "itm_head.bias": torch.zeros(2),
    "clip_teacher.proj": torch.zeros(2),
    "vision_encoder.clip_decoder.0.head.bias": torch.zeros(2),
}


@pytest.fixture
def save(tmp_path):
    def write(content, suffix=".pth"):
        path = tmp_path / f"weights{suffix}"
        (save_file if suffix == ".safetensors" else torch.save)(content, path)
        return path

    return write


@pytest.mark.parametrize("container", ["model", "module", "bare", "safetensors", "ddp", "half"])
@torch.inference_mode()
def test_containers(container, golden, save):
    case = golden("umt-base")
    weights = case.weights
    path = {
        "model": lambda: save({"model": weights, "epoch": 3}),
        "module": lambda: save({"module": weights | TEXT_SIDE}),
        "bare": lambda: save(weights),
        "safetensors": lambda: save(weights | TEXT_SIDE, ".safetensors"),
        "ddp": lambda: save({f"module.{k}": v for k, v in weights.items()}),
        "half": lambda: save({k: v.half() for k, v in weights.items()}),
    }[container]()
    out = ts.load_backbone("umt-b", checkpoint=path, **SMALL)(case.tensors["video"])
    tolerance = 0.05 if container == "half" else 1e-5
    torch.testing.assert_close(out.tokens, case.tensors["tokens"], atol=tolerance, rtol=0)
    torch.testing.assert_close(out.pooled, case.tensors["pooled"][:, 0], atol=tolerance, rtol=0)
    assert out.logits is None
    assert out.tokens.dtype == torch.float32


@pytest.mark.parametrize("name", ["umt-vid-tldr", "umt-vid-tldr-odd"])
@torch.inference_mode()
def test_vid_tldr_as_released(golden, save, name):
    case = golden(name)
    model = ts.load_backbone("umt-b", checkpoint=save({"model": case.weights}), **case.overrides)
    out = model(case.tensors["video"], method="vid-tldr", schedule=case.case["removed_per_layer"])
    torch.testing.assert_close(out.tokens, case.tensors["tokens"], atol=1e-5, rtol=0)
    torch.testing.assert_close(out.pooled, case.tensors["pooled"][:, 0], atol=1e-5, rtol=0)
    torch.testing.assert_close(out.size, case.tensors["mass"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("prefix", ["", "backbone.", "encoder."])
@pytest.mark.parametrize("name", ["videomae-base", "videomae-sta"])
@torch.inference_mode()
def test_sta_as_released(golden, save, name, prefix):
    """With nothing to remove it is the published classifier."""
    case = golden(name)
    model = ts.load_backbone("videomae-b", checkpoint=save({"module": {prefix + k: v for k, v in case.weights.items()}}), **case.overrides)
    out = model(case.tensors["video"], method="sta", schedule=(case.case["removed_per_frame"],))
    torch.testing.assert_close(out.tokens, case.tensors["tokens"], atol=1e-5, rtol=0)
    torch.testing.assert_close(out.logits, case.tensors["logits"], atol=1e-5, rtol=0)


def test_every_misfit_is_in_one_error(golden, save):
    weights = golden("umt-base").weights
    del weights["vision_encoder.encoder.norm.bias"]
    weights["vision_encoder.surprise"] = torch.zeros(1)
    weights["vision_encoder.pool_norm.bias"] = torch.zeros(3)
    with pytest.raises(ValueError, match="does not fit umt-b") as error:
        ts.load_backbone("umt-b", checkpoint=save(weights), **SMALL)
    shape = "vision_encoder.pool_norm.bias is [3] where [48] is expected"
    for problem in ("missing vision_encoder.encoder.norm.bias", "unexpected vision_encoder.surprise", shape):
        assert problem in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_unreadable_files(tmp_path, content, suffix):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="broken"):
        read_state(path)


@pytest.mark.parametrize("content", [{}, [torch.zeros(1)], {"a": 1}, {"model": {}}])
def test_files_without_parameters(save, content):
    with pytest.raises(ValueError, match="holds no parameters"):
        read_state(save(content))


def test_missing_file_and_unasked_randomness(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        ts.load_backbone("umt-b", checkpoint=tmp_path / "nowhere.pth", **SMALL)
    with pytest.raises(ValueError, match="no packaged weights"):
        ts.load_backbone("umt-b")
    with pytest.raises(ValueError, match="num_classes=0"):
        ts.load_backbone("videomae-b", "random", num_classes=0, dim=24, heads=3, depth=1)
    a, b = (ts.load_backbone("umt-b", "random", **SMALL).state_dict() for _ in range(2))
    assert all(a[name].equal(b[name]) for name in a)


TEXT = TextArchitecture(16, 2, 2, vocab_size=11, max_positions=7, fusion_layers=1, decoder_layers=1)
FUSING = SMALL | {"depth": 1, "embed_dim": 8, "text": TEXT}


@pytest.mark.parametrize("prefix", ["text_encoder.", "text_encoder.bert."])
def test_retrieval_under_the_names_of_fine_tuning_and_of_pretraining(prefix, save):
    state = load_retrieval("umt-b", "random", **FUSING).state_dict()
    beside = {"text_encoder.embeddings.position_ids": torch.zeros(1, 7), "clip_teacher.proj": torch.zeros(2)}
    file = {name.replace("text_encoder.", prefix): value for name, value in (state | beside).items()}
    loaded = load_retrieval("umt-b", save(file), **FUSING)
    assert all(loaded.state_dict()[name].equal(state[name]) for name in state)
    assert not any(p.requires_grad for p in loaded.parameters())
    with pytest.raises(ValueError, match="base=None would be accepted"):
        load_retrieval("umt-b", save(file), base="clip.pt", **FUSING)
    with pytest.raises(ValueError, match="no text tower"):
        load_retrieval("videomae-b", "random")


def test_answering_and_what_others_make_of_its_files(save):
    model = load_answering("umt-b", "random", **FUSING)
    state = model.state_dict()
    loaded = load_answering("umt-b", save({"model": state}), **FUSING)
    assert all(loaded.state_dict()[name].equal(state[name]) for name in state)
    words, decoder = loaded.text_decoder.bert.embeddings.word_embeddings, loaded.text_decoder.cls["predictions"].decoder
    assert words.weight is decoder.weight, "one parameter under two names"
    with pytest.warns(UserWarning, match="no pool_norm"):
        video = ts.load_backbone("umt-b", save(state), **FUSING)
    clip = torch.rand(1, 3, 4, 64, 64)
    out = video(clip)
    torch.testing.assert_close(out.pooled, out.tokens.mean(dim=1))
    with pytest.raises(
        ValueError, match=r"a UMT question answering checkpoint.*you asked for umt-b for retrieval.*missing vision_proj.weight"
    ):
        load_retrieval("umt-b", save(state), **FUSING)
    changed = state | {"text_decoder.cls.predictions.decoder.weight": state["text_decoder.cls.predictions.decoder.weight"] + 1}
    with pytest.raises(ValueError, match="differ"):
        load_answering("umt-b", save(changed), **FUSING)


def test_import_is_light_and_lazy():
    code = (
        "import sys, json, tldr_search as ts; light = 'torch' not in sys.modules;"
        "ts.load_backbone; print(json.dumps([light, 'torch' in sys.modules]))"
    )
    assert json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) == [True, True]
    with pytest.raises(AttributeError, match="nothing"):
        _ = ts.nothing
