"""UMT's modules: published names, matching, question answering."""

import gzip
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.umt import UMTAnswering, UMTRetrieval, UMTVideo

TEXT = TextArchitecture(dim=24, depth=3, heads=3, vocab_size=30, max_positions=16, fusion_layers=1, decoder_layers=2)
ARCH = architecture("umt-b", dim=20, depth=2, heads=2, frames=2, image_size=32, embed_dim=8, text=TEXT)
CLS, SEP, PAD = 2, 3, 0
PRETRAINING = r"text_encoder\.cls\..*|clip_teacher\..*|vision_encoder\.clip_decoder\..*"


def published(size, kind):
    keys = json.loads(gzip.decompress((Path(__file__).parent / "keys" / f"{size}_{kind}.json.gz").read_bytes()))
    return {name: tuple(shape) for name, (shape, _) in keys.items() if not name.endswith("position_ids")}


def shapes(build, arch):
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in build(arch).state_dict().items()}


@pytest.mark.parametrize("size", ["b", "l"])
def test_names_and_shapes_are_the_published_ones(size):
    arch = architecture(f"umt-{size}")
    retrieval = shapes(UMTRetrieval, arch)
    assert retrieval == published(size, "ret")
    assert shapes(UMTAnswering, arch) == published(size, "qa")
    pretrained = published(size, "pt")
    assert retrieval == {name.replace("bert.", ""): shape for name, shape in pretrained.items() if not re.fullmatch(PRETRAINING, name)}
    assert shapes(UMTVideo, arch) == {name: shape for name, shape in retrieval.items() if name.startswith("vision_encoder.")}


def test_the_packaged_weights_have_these_names():
    with safe_open(str(files("tldr_search.demo") / "umt_mini.safetensors"), "pt") as weights:
        assert set(weights.keys()) == set(shapes(UMTRetrieval, architecture("umt-mini")))


def scrambled(build, arch=ARCH):
    torch.manual_seed(0)
    model = build(arch).eval().requires_grad_(False)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def texts(rows):
    width = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (width - len(row)) for row in rows])
    return TextBatch(ids, ids != PAD)


QUESTIONS = texts([[CLS, 7, 8, 9], [CLS, 11], [CLS, 6, 6, 20]])


@torch.inference_mode()
def test_matching_is_the_raw_logit_of_the_second_class():
    model = scrambled(UMTRetrieval)
    videos = model(torch.randn(2, 3, 2, 32, 32), "vid-tldr", (2,)).tokens
    states = model.text_encoder(QUESTIONS)
    for video in videos:
        scores = model.match(states, QUESTIONS.mask, model.prepare(video[None]))
        pairs = model.text_encoder.prepare(video.expand(3, -1, -1))
        expected = model.itm_head(model.text_encoder.fuse(states, QUESTIONS.mask, pairs))[:, 0, 1]
        torch.testing.assert_close(scores, expected, atol=1e-5, rtol=0)


@torch.inference_mode()
def test_text_features_are_unit_vectors_of_cls():
    model = scrambled(UMTRetrieval)
    feature = model.text_proj(model.text_encoder(QUESTIONS)[:, 0])
    torch.testing.assert_close(model.embed_text(QUESTIONS), feature / feature.norm(dim=1, keepdim=True))


def test_without_fusion_layers_nothing_is_matched():
    model = UMTRetrieval(architecture("umt-mini"))
    states = model.text_encoder(QUESTIONS)
    with pytest.raises(ValueError, match="umt-mini has no layers that match texts with videos"):
        model.match(states, QUESTIONS.mask, model.prepare(torch.zeros(1, 4, 128)))
    with pytest.raises(ValueError, match="umt-mini has no decoder of answers"):
        UMTAnswering(architecture("umt-mini"))


def ranked(model, states, mask, answers, k):
    """The published steps, one answer and one token at a time."""
    rankings = []
    for state, own in zip(states, mask, strict=True):
        question = model.text_decoder.prepare(state[None], own[None])
        start = TextBatch(torch.tensor([[CLS]]), torch.tensor([[True]]))
        first = model.text_decoder(start, question)[0, 0].softmax(-1)
        kept = sorted(range(len(answers)), key=lambda a: -first[answers[a][1]].item())[:k]
        scores = {}
        for a in kept:
            score = first[answers[a][1]].log()
            for position in range(1, len(answers[a])):
                before = torch.tensor([answers[a][:position]])
                logits = model.text_decoder(TextBatch(before, torch.ones_like(before, dtype=torch.bool)), question)
                score = score + logits[0, -1].log_softmax(-1)[answers[a][position]]
            scores[a] = score.item()
        rankings.append(sorted(scores.items(), key=lambda item: -item[1]))
    return rankings


@torch.inference_mode()
def test_answers_are_ranked_as_published():
    model = scrambled(UMTAnswering)
    tokens = model(torch.randn(3, 3, 2, 32, 32)).tokens
    states = model.question_states(QUESTIONS, tokens)
    answers = [
        [CLS, 9, SEP],
        [CLS, 12, 5, SEP],
        [CLS, 12, 6, 7, 8],
        [CLS, 20, SEP],
        [CLS, 21, 22, 23, SEP],
        [CLS, 9, 9, SEP],
        [CLS, 28, SEP],
    ]
    ranking = model.rank_answers(states, QUESTIONS.mask, texts(answers), k_test=4)
    expected = ranked(model, states, QUESTIONS.mask, answers, 4)
    assert ranking.answers.tolist() == [[a for a, _ in row] for row in expected]
    torch.testing.assert_close(ranking.scores, torch.tensor([[score for _, score in row] for row in expected]), atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="k_test=128 of 7 answers; 1 to 7 would be accepted"):
        model.rank_answers(states, QUESTIONS.mask, texts(answers))


@torch.inference_mode()
def test_questions_are_read_by_all_layers_and_see_their_video():
    model = scrambled(UMTAnswering)
    out = model(torch.randn(2, 3, 2, 32, 32))
    torch.testing.assert_close(out.pooled, out.tokens.mean(1))
    one = TextBatch(QUESTIONS.ids[:1], QUESTIONS.mask[:1])
    twice = TextBatch(one.ids.expand(2, -1), one.mask.expand(2, -1))
    states = model.question_states(twice, out.tokens)
    assert not torch.allclose(states[0], states[1])
    torch.testing.assert_close(model.question_states(one, out.tokens[1:]), states[1:], atol=1e-5, rtol=0)
    assert not torch.allclose(model.text_encoder(one), states[:1])
