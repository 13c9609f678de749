"""Hugging Face's models, tiny and random, through save_pretrained: the same numbers here."""

import json

import pytest
import torch
from torch import nn

import tldr_search as ts
from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.checkpoints import load_retrieval
from tldr_search.backbones.text import TextBatch

transformers = pytest.importorskip("transformers")

VIDEOMAE = {"dim": 24, "depth": 3, "heads": 3, "frames": 4, "image_size": 32, "num_classes": 5}
CLIP = {
    "dim": 24,
    "depth": 2,
    "heads": 3,
    "frames": 2,
    "image_size": 32,
    "embed_dim": 8,
    "text": TextArchitecture(dim=16, depth=2, heads=2, vocab_size=40, max_positions=9),
}


def save(model, folder, kind="safetensors"):
    model.save_pretrained(folder)
    if kind == "bin":
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


def change(folder, **fields):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def shaken(model):
    """Norms and biases, too, are to tell right from wrong."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def videomae(**fields):
    config = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 96}
    config |= {"image_size": 32, "num_frames": 4, "num_labels": 5, "layer_norm_eps": 1e-6}
    model = shaken(transformers.VideoMAEForVideoClassification(transformers.VideoMAEConfig(**config | fields)))
    for norm in (m for m in model.modules() if isinstance(m, nn.LayerNorm)):
        norm.eps = 1e-6  # as published; Hugging Face has 1e-5 in fc_norm
    return model


def clip():
    config = transformers.CLIPConfig(
        text_config={
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "vocab_size": 40,
            "max_position_embeddings": 9,
            "eos_token_id": 39,
            "bos_token_id": 38,
        },
        vision_config={
            "hidden_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "intermediate_size": 96,
            "image_size": 32,
            "patch_size": 16,
        },
        projection_dim=8,
    )
    return shaken(transformers.CLIPModel(config))


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@torch.inference_mode()
def test_videomae(tmp_path, kind, recwarn):
    theirs = videomae()
    video = torch.randn(2, 3, 4, 32, 32)
    ours = ts.load_backbone("videomae-b", save(theirs, tmp_path, kind), **VIDEOMAE)
    torch.testing.assert_close(ours(video).logits, theirs(video.transpose(1, 2)).logits, atol=1e-5, rtol=0)
    assert not recwarn.list


@torch.inference_mode()
def test_videomae_under_the_names_that_newer_versions_write(tmp_path):
    theirs = videomae()
    names = {"q_bias": "query.bias", "v_bias": "value.bias"}
    state = {}
    for name, value in theirs.state_dict().items():
        stem, _, leaf = name.rpartition(".")
        state[f"{stem}.{names.get(leaf, leaf)}"] = value
    torch.save(state, tmp_path / "weights.bin")
    video = torch.randn(1, 3, 4, 32, 32)
    ours = ts.load_backbone("videomae-b", tmp_path / "weights.bin", **VIDEOMAE)
    torch.testing.assert_close(ours(video).logits, theirs(video.transpose(1, 2)).logits, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_known_deviations_of_videomae_are_told(tmp_path):
    """Hub files say an epsilon of 1e-12, and 16 heads of the small model."""
    theirs = videomae(hidden_size=384, num_attention_heads=6, num_hidden_layers=1, intermediate_size=4 * 384)
    save(theirs, tmp_path)
    change(tmp_path, num_attention_heads=16, layer_norm_eps=1e-12)
    fields = VIDEOMAE | {"dim": 384, "depth": 1, "heads": 6}
    with pytest.warns(UserWarning, match="layer_norm_eps|num_attention_heads") as told:
        ours = ts.load_backbone("videomae-s", tmp_path, **fields)
    messages = " ".join(str(warning.message) for warning in told)
    assert "num_attention_heads=16, the model asked for has 6: 6 is used" in messages
    assert "layer_norm_eps=1e-12, the model asked for has 1e-06" in messages
    video = torch.randn(1, 3, 4, 32, 32)
    torch.testing.assert_close(ours(video).logits, theirs(video.transpose(1, 2)).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"use_mean_pooling": False}, "use_mean_pooling=false"),
        ({"num_attention_heads": 6}, "heads=6 would be accepted"),
        ({"hidden_act": "relu"}, "hidden_act='relu', .*; hidden_act='gelu' or hidden_act='quick_gelu' would be accepted"),
        ({"num_attention_heads": 7}, "num_attention_heads=3 would be accepted"),
    ],
)
def test_what_videomae_does_not_compute(tmp_path, fields, message):
    change(save(videomae(), tmp_path), **fields)
    with pytest.raises(ValueError, match=message):
        ts.load_backbone("videomae-b", tmp_path, **VIDEOMAE)


def offered(error, chosen=()):
    """The overrides that an error says would be accepted, as the user would type them."""
    clause = str(error.value).rpartition("; ")[2].partition(" would be accepted")[0]
    return dict(chosen) | eval(f"dict({clause})", {"TextArchitecture": TextArchitecture})


def test_a_directory_of_unusual_sizes_says_all_overrides_at_once(tmp_path):
    save(videomae(intermediate_size=48), tmp_path / "videomae")
    with pytest.raises(ValueError, match=r"this looks like a Hugging Face VideoMAE \(dim 24, depth 3, patch 16\), you asked for") as error:
        ts.load_backbone("videomae-b", tmp_path / "videomae")
    assert str(error.value).endswith(
        "; dim=24, depth=3, heads=3, mlp_ratio=2, num_classes=5, frames=4, image_size=32 would be accepted (its config.json)"
    )
    assert ts.load_backbone("videomae-b", tmp_path / "videomae", **offered(error))
    with pytest.raises(ValueError, match=r"num_classes=5, image_size=32 would be accepted"):
        ts.load_backbone("videomae-b", tmp_path / "videomae", frames=8)
    save(clip(), tmp_path / "clip")
    for load in (ts.load_backbone, load_retrieval):
        with pytest.raises(ValueError, match=r"; dim=24, depth=2, heads=3, embed_dim=8, image_size=32.* would be accepted") as error:
            load("clip-b16", tmp_path / "clip")
        assert load("clip-b16", tmp_path / "clip", frames=2, **offered(error))


def test_what_would_not_be_accepted_is_not_offered(tmp_path):
    save(videomae(), tmp_path)
    change(tmp_path, num_attention_heads=7)
    with pytest.raises(ValueError, match=r"; num_classes=5 would be accepted$"):
        ts.load_backbone("videomae-b", tmp_path)
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(ValueError, match=r"; num_classes=5 would be accepted$"):
        ts.load_backbone("videomae-b", tmp_path)


def test_the_shapes_of_another_model_come_before_its_config(tmp_path):
    """Of VideoMAE-B, as far as its sizes go."""
    model = transformers.VideoMAEForVideoClassification(transformers.VideoMAEConfig(num_hidden_layers=1))
    one = model.state_dict()
    layers = {name: value for name, value in one.items() if ".layer.0." in name}
    torch.save(
        one | {name.replace(".0.", f".{i}."): value for i in range(12) for name, value in layers.items()}, tmp_path / "pytorch_model.bin"
    )
    model.config.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"this looks like videomae-b \(.*\), you asked for videomae-l") as error:
        ts.load_backbone("videomae-l", tmp_path)
    assert "heads=" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "fields", "looks"),
    [
        ("VideoMAEModel", {}, "a Hugging Face VideoMAE without a classifier"),
        ("VideoMAEForPreTraining", {}, "the pretraining of a Hugging Face VideoMAE, which has no classifier"),
        (
            "VideoMAEForVideoClassification",
            {"use_mean_pooling": False},
            "a Hugging Face VideoMAE that classifies the first token, not the mean",
        ),
    ],
)
def test_other_forms_of_videomae_are_named(tmp_path, kind, fields, looks):
    config = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 3, "intermediate_size": 48, "decoder_hidden_size": 12}
    config |= {"decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 2, "decoder_intermediate_size": 12} | fields
    save(getattr(transformers, kind)(transformers.VideoMAEConfig(image_size=32, num_frames=4, **config)), tmp_path)
    with pytest.raises(ValueError, match=rf"this looks like {looks} \(dim 24, depth 1, patch 16\), you asked for videomae-b"):
        ts.load_backbone("videomae-b", tmp_path)


def test_warnings_show_the_users_line_and_nothing_that_he_chose_himself(tmp_path):
    save(videomae(layer_norm_eps=1e-12, num_frames=6, image_size=48), tmp_path)
    with pytest.warns(UserWarning, match="says") as told:
        ts.load_backbone("videomae-b", tmp_path, **VIDEOMAE)
    assert [(str(one.message).partition(" says ")[2].partition("=")[0], one.filename) for one in told] == [("layer_norm_eps", __file__)]
    with pytest.warns(UserWarning, match="says") as told:
        ts.load_backbone("videomae-b", tmp_path, **{name: VIDEOMAE[name] for name in ("dim", "depth", "heads", "num_classes")})
    assert [str(one.message).partition(" says ")[2].partition("=")[0] for one in told] == ["layer_norm_eps", "image_size", "num_frames"]


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@torch.inference_mode()
def test_clip(tmp_path, kind):
    theirs = clip()
    ours = load_retrieval("clip-b16", save(theirs, tmp_path, kind), **CLIP)
    video = torch.randn(2, 3, 2, 32, 32)
    frames = theirs.get_image_features(video.transpose(1, 2).flatten(0, 1)).pooler_output.unflatten(0, (2, 2))
    torch.testing.assert_close(ours(video).pooled, frames.mean(dim=1), atol=1e-5, rtol=0)
    with pytest.warns(UserWarning, match="is a Hugging Face CLIP, you asked for vifi-clip-b16: it computes what clip-b16 would"):
        alone = ts.load_backbone("vifi-clip-b16", tmp_path, **CLIP)
    torch.testing.assert_close(alone(video).pooled, frames.mean(dim=1), atol=1e-5, rtol=0)
    ids = torch.tensor([[38, 3, 7, 39, 0], [38, 12, 39, 0, 0]])
    text = nn.functional.normalize(theirs.get_text_features(ids).pooler_output, dim=-1)
    torch.testing.assert_close(ours.embed_text(TextBatch(ids, ids > 0)), text, atol=1e-5, rtol=0)
    assert ours.logit_scale == theirs.logit_scale


def test_what_clip_does_not_compute(tmp_path):
    save(clip(), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    change(tmp_path, vision_config=config["vision_config"] | {"hidden_act": "gelu"})
    with pytest.raises(ValueError, match="activation='gelu' would be accepted"):
        ts.load_backbone("clip-b16", tmp_path, **CLIP)
    assert ts.load_backbone("clip-b16", tmp_path, **CLIP, activation="gelu").arch.activation == "gelu"
    change(tmp_path, vision_config=config["vision_config"], text_config=config["text_config"] | {"num_attention_heads": 4})
    assert ts.load_backbone("clip-b16", tmp_path, **CLIP), "the text tower is not asked for"
    with pytest.raises(ValueError, match=r"; text=TextArchitecture\(.*\) would be accepted") as error:
        load_retrieval("clip-b16", tmp_path, **CLIP)
    assert load_retrieval("clip-b16", tmp_path, **CLIP | offered(error, CLIP)).arch.text.heads == 4


def openai_names(theirs):
    """Of a Hugging Face CLIP, written out."""
    h = theirs.state_dict()
    state = {
        "visual.class_embedding": h["vision_model.embeddings.class_embedding"],
        "visual.positional_embedding": h["vision_model.embeddings.position_embedding.weight"],
        "visual.conv1.weight": h["vision_model.embeddings.patch_embedding.weight"],
        "visual.proj": h["visual_projection.weight"].T,
        "token_embedding.weight": h["text_model.embeddings.token_embedding.weight"],
        "positional_embedding": h["text_model.embeddings.position_embedding.weight"],
        "text_projection": h["text_projection.weight"].T,
        "logit_scale": h["logit_scale"],
    }
    leaves = {
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "attn.out_proj": "self_attn.out_proj",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
    }
    for kind in ("weight", "bias"):
        state |= {
            f"visual.{a}.{kind}": h[f"vision_model.{b}.{kind}"] for a, b in (("ln_pre", "pre_layrnorm"), ("ln_post", "post_layernorm"))
        }
        state[f"ln_final.{kind}"] = h[f"text_model.final_layer_norm.{kind}"]
        for tower, prefix in (("vision_model", "visual."), ("text_model", "")):
            for i in range(2):
                block, layer = f"{prefix}transformer.resblocks.{i}", f"{tower}.encoder.layers.{i}"
                state |= {f"{block}.{a}.{kind}": h[f"{layer}.{b}.{kind}"] for a, b in leaves.items()}
                state[f"{block}.attn.in_proj_{kind}"] = torch.cat([h[f"{layer}.self_attn.{x}_proj.{kind}"] for x in "qkv"])
    return {name: value.clone() for name, value in state.items()}


def vifi_names(openai):
    """As ViFi-CLIP's training saves it: DDP's prefix, prompts instead of token embeddings."""
    state = {"module.prompt_learner.complete_text_embeddings": torch.zeros(4, 9, 16)}
    for name, value in openai.items():
        if name.startswith("visual."):
            state[f"module.image_encoder.{name.removeprefix('visual.')}"] = value
        elif name == "logit_scale":
            state["module.logit_scale"] = value
        elif name != "token_embedding.weight":
            state[f"module.text_encoder.{name}"] = value
    return state


@torch.inference_mode()
def test_clip_under_the_names_of_openai_and_of_vifi_clip(tmp_path):
    theirs = clip()
    openai = openai_names(theirs)
    sizes = {name: torch.tensor(1) for name in ("input_resolution", "context_length", "vocab_size")}
    torch.save(openai | sizes, tmp_path / "openai.pt")
    torch.save({"model": vifi_names(openai), "epoch": 10, "max_accuracy": 81.0}, tmp_path / "vifi.pth")
    expected = load_retrieval("clip-b16", save(theirs, tmp_path / "hf"), **CLIP).state_dict()
    for name, file, base in (
        ("clip-b16", "openai.pt", None),
        ("vifi-clip-b16", "vifi.pth", "openai.pt"),
        ("vifi-clip-b16", "vifi.pth", "hf"),
    ):
        ours = load_retrieval(name, tmp_path / file, base=base and tmp_path / base, **CLIP).state_dict()
        assert ours.keys() == expected.keys()
        assert all(ours[key].equal(expected[key]) for key in ours), (name, base)
    torch.save(expected, tmp_path / "own.pth")
    assert load_retrieval("clip-b16", tmp_path / "own.pth", **CLIP).state_dict()["logit_scale"].equal(expected["logit_scale"])
    assert ts.load_backbone("vifi-clip-b16", tmp_path / "vifi.pth", **CLIP), "the video side needs no token embeddings"
    with pytest.raises(ValueError, match="has no token embeddings, as usual for ViFi-CLIP; base=PATH"):
        load_retrieval("vifi-clip-b16", tmp_path / "vifi.pth", **CLIP)
    with pytest.raises(ValueError, match=r"no token embeddings of a CLIP; this looks like a ViFi-CLIP"):
        load_retrieval("vifi-clip-b16", tmp_path / "vifi.pth", base=tmp_path / "vifi.pth", **CLIP)
    with pytest.warns(UserWarning, match="is a ViFi-CLIP, you asked for clip-b16: it computes what vifi-clip-b16 would"):
        ts.load_backbone("clip-b16", tmp_path / "vifi.pth", **CLIP)
    torch.save(openai | {"token_embedding.weight": torch.zeros(40, 12)}, tmp_path / "wide.pt")
    with pytest.raises(
        ValueError, match=r"base=.*wide.pt' does not fit checkpoint .*vifi.pth': .* is \[40, 12\] where \[40, 16\] is expected"
    ):
        load_retrieval("vifi-clip-b16", tmp_path / "vifi.pth", base=tmp_path / "wide.pt", **CLIP)
    with pytest.raises(ValueError, match="token embeddings of its own"):
        load_retrieval("clip-b16", tmp_path / "openai.pt", base=tmp_path / "openai.pt", **CLIP)


def test_learned_prompts_are_not_dropped_unsaid(tmp_path):
    state = vifi_names(openai_names(clip())) | {"module.prompt_learner.ctx": torch.zeros(4, 16)}
    torch.save(state, tmp_path / "vifi.pth")
    with pytest.raises(ValueError, match=r"this looks like .*a ViFi-CLIP.*unexpected prompt_learner.ctx"):
        ts.load_backbone("vifi-clip-b16", tmp_path / "vifi.pth", **CLIP)
