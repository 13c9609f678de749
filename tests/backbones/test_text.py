"""The text towers against the library that users compare with."""

import dataclasses

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertLMHeadModel, BertModel, CLIPTextConfig, CLIPTextModelWithProjection

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.text.bert import TextEncoder
from tldr_search.backbones.text.clip import CLIPTextEncoder
from tldr_search.backbones.text.decoder import AnswerDecoder

DIM, VIDEO_DIM, WORDS = 24, 20, 50
ARCH = TextArchitecture(DIM, depth=4, heads=3, vocab_size=WORDS, max_positions=16, fusion_layers=2, decoder_layers=2)


def texts(count=4, length=9):
    ids = torch.randint(5, WORDS, (count, length), generator=torch.Generator().manual_seed(count))
    lengths = torch.tensor([length, 3, 1, 6])[:count]
    mask = torch.arange(length) < lengths[:, None]
    return TextBatch(ids.masked_fill(~mask, 0), mask)


def scrambled(module):
    """Every parameter at random, norms and biases too."""
    torch.manual_seed(1)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.eval().requires_grad_(False)


def bert_config(depth):
    return BertConfig(
        vocab_size=WORDS,
        hidden_size=DIM,
        num_hidden_layers=depth,
        num_attention_heads=3,
        intermediate_size=4 * DIM,
        max_position_embeddings=16,
        is_decoder=True,
        add_cross_attention=True,
    )


def bert(encoder):
    """Hugging Face's layers with the same weights; those before the fusion keep a cross-attention that is never used."""
    reference = BertModel(bert_config(4), add_pooling_layer=False).eval()
    for layer in reference.encoder.layer:
        layer.crossattention.self.key, layer.crossattention.self.value = nn.Linear(VIDEO_DIM, DIM), nn.Linear(VIDEO_DIM, DIM)
    missing, unexpected = reference.load_state_dict(encoder.state_dict(), strict=False)
    assert all(name.startswith(("encoder.layer.0.crossattention", "encoder.layer.1.crossattention")) for name in missing)
    assert not unexpected
    return reference


@torch.inference_mode()
def test_bert_alone_and_fused():
    encoder, text, video = scrambled(TextEncoder(ARCH, VIDEO_DIM)), texts(), torch.randn(4, 11, VIDEO_DIM)
    reference = bert(encoder)
    mask = text.mask[:, None, None].expand(-1, 1, text.mask.shape[1], -1)
    x = reference.embeddings(text.ids)
    for layer in reference.encoder.layer[:2]:
        x = layer(x, mask)
    states = encoder(text)
    torch.testing.assert_close(states, x, atol=1e-5, rtol=0)
    for layer in reference.encoder.layer[2:]:
        x = layer(x, mask, encoder_hidden_states=video)
    torch.testing.assert_close(encoder.fuse(states, text.mask, encoder.prepare(video)), x, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_decoder():
    decoder, text, question = scrambled(AnswerDecoder(ARCH)), texts(), texts(4, 7)
    reference = BertLMHeadModel(bert_config(2)).eval()
    reference.load_state_dict(decoder.state_dict())
    states = torch.randn(4, 7, DIM)
    expected = reference(text.ids, text.mask, encoder_hidden_states=states, encoder_attention_mask=question.mask).logits
    torch.testing.assert_close(decoder(text, decoder.prepare(states, question.mask)), expected, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_many_texts_of_one_video_equal_pair_by_pair():
    encoder, text, videos = scrambled(TextEncoder(ARCH, VIDEO_DIM)), texts(), torch.randn(2, 11, VIDEO_DIM)
    states, memory = encoder(text), encoder.prepare(videos)
    together = encoder.fuse(states, text.mask, memory)
    for i in range(4):
        own = slice(i, i + 1)
        apart = encoder.fuse(states[own], text.mask[own], encoder.prepare(videos[i // 2][None]))
        torch.testing.assert_close(together[own], apart, atol=1e-5, rtol=0)
        torch.testing.assert_close(encoder.fuse(states[own], text.mask[own], memory.at(i // 2)), apart, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="3 texts for 2 memories; a multiple of 2 would be accepted"):
        encoder.fuse(states[:3], text.mask[:3], memory)


@torch.inference_mode()
def test_padding_changes_nothing():
    encoder, text = scrambled(TextEncoder(ARCH, VIDEO_DIM)), texts()
    alone = encoder(TextBatch(text.ids[1:2, :3], text.mask[1:2, :3]))
    torch.testing.assert_close(encoder(text)[1:2, :3], alone, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_clip():
    arch = TextArchitecture(DIM, depth=2, heads=3, vocab_size=WORDS, max_positions=12)
    tower = scrambled(CLIPTextEncoder(arch, 10, "quick_gelu"))
    ids = torch.tensor([[48, 3, 9, 49, 0, 0], [48, 3, 9, 12, 7, 49], [48, 49, 0, 0, 0, 0]])
    config = CLIPTextConfig(
        vocab_size=WORDS,
        hidden_size=DIM,
        intermediate_size=4 * DIM,
        projection_dim=10,
        num_hidden_layers=2,
        num_attention_heads=3,
        max_position_embeddings=12,
        bos_token_id=48,
        eos_token_id=49,
    )
    reference = CLIPTextModelWithProjection(config).eval()
    reference.load_state_dict(hugging_face(tower.state_dict()))
    torch.testing.assert_close(tower(TextBatch(ids, ids > 0)), reference(ids).text_embeds, atol=1e-5, rtol=0)


def hugging_face(state):
    """OpenAI's names to Hugging Face's."""
    renamed = {"text_projection.weight": state.pop("text_projection").T}
    leaves = {
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
        "attn.out_proj": "self_attn.out_proj",
    }
    stems = {
        "token_embedding.weight": "embeddings.token_embedding.weight",
        "positional_embedding": "embeddings.position_embedding.weight",
        "ln_final.weight": "final_layer_norm.weight",
        "ln_final.bias": "final_layer_norm.bias",
    }
    for name, value in state.items():
        if name in stems:
            renamed[f"text_model.{stems[name]}"] = value
            continue
        _, _, index, leaf = name.split(".", 3)
        stem = f"text_model.encoder.layers.{index}"
        if "in_proj" in leaf:
            for part, third in zip("qkv", value.chunk(3), strict=True):
                renamed[f"{stem}.self_attn.{part}_proj.{leaf.rsplit('_', 1)[1]}"] = third
        else:
            module, kind = leaf.rsplit(".", 1)
            renamed[f"{stem}.{leaves[module]}.{kind}"] = value
    return renamed


@pytest.mark.parametrize("tower", [TextEncoder(ARCH, VIDEO_DIM), CLIPTextEncoder(ARCH, 8, "quick_gelu")])
def test_texts_beyond_the_last_position(tower):
    with pytest.raises(ValueError, match="a text of 17 tokens; at most 16 would be accepted"):
        tower(TextBatch(torch.ones(1, 17, dtype=torch.long), torch.ones(1, 17, dtype=torch.bool)))


@pytest.mark.parametrize("name", [name for pair in AnswerDecoder.TIED for name in pair])
def test_the_tied_head_must_agree_with_the_embeddings(name):
    decoder = AnswerDecoder(ARCH)
    state = {key: value.clone() for key, value in decoder.state_dict().items()}
    decoder.load_state_dict(state)
    state[name] += 1
    with pytest.raises(ValueError, match=r"cls\.predictions\.decoder\.\w+ differ"):
        nn.ModuleDict({"text_decoder": decoder}).load_state_dict({f"text_decoder.{key}": value for key, value in state.items()})


def test_without_fusion_there_is_no_cross_attention():
    encoder = TextEncoder(dataclasses.replace(ARCH, fusion_layers=0), VIDEO_DIM)
    assert not [name for name in encoder.state_dict() if "crossattention" in name]
