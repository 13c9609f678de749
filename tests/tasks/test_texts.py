"""Texts in batches are texts one by one."""

import pytest
import torch

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.tasks import texts
from tldr_search.tasks.texts import TextStates, clip_features, in_batches

CPU = torch.device("cpu")
TEXTS = ["a b c d e", "f", "a", "b c", "d e f g h i j", "k l", "m"]


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr(texts, "TEXTS_AT_ONCE", 3)


@torch.inference_mode()
def test_states_do_not_depend_on_what_they_are_batched_with_nor_on_padding(scrambled, umt, words):
    model = scrambled(UMTRetrieval, umt)
    tokens = words()(TEXTS)
    states = TextStates(tokens.mask.sum(dim=1))
    for rows, found in in_batches(tokens, CPU, model.text_encoder):
        assert len(rows) <= 3
        states.put(rows, found)
    width = 20
    padded = TextBatch.of([ids[mask].tolist() for ids, mask in zip(*tokens, strict=True)], 0, width)
    at_full_width = model.text_encoder(padded)
    rows = torch.tensor([4, 1, 0, 6])
    found, mask = states.batch(rows, CPU)
    assert mask.shape == (4, 8)  # no wider than the longest
    for row, state, own in zip(rows.tolist(), found, mask, strict=True):
        alone = model.text_encoder(words()([TEXTS[row]]))[0]
        torch.testing.assert_close(state[own], alone, atol=1e-5, rtol=0)
        torch.testing.assert_close(state[own], at_full_width[row][padded.mask[row]], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_matching_does_not_depend_on_padding_either(scrambled, umt, words):
    model = scrambled(UMTRetrieval, umt)
    short, wide = words()(TEXTS), words()([*TEXTS, " ".join("a" * 25)])
    video = model.prepare(torch.randn(1, 8, umt.dim))
    narrow = model.match(model.text_encoder(short), short.mask, video)
    padded = model.match(model.text_encoder(wide), wide.mask, video)
    torch.testing.assert_close(padded[:-1], narrow, atol=1e-5, rtol=0)


def test_chunks_hold_every_text_once_and_are_small():
    states = TextStates(torch.tensor([5, 1, 9, 2, 2, 30, 4]))
    rows = torch.tensor([6, 5, 0, 1, 3, 4])
    parts = list(states.chunks(rows, 12))
    assert sorted(torch.cat(parts).tolist()) == list(range(6))
    sizes = [(len(part), int(states.lengths[rows[part]].max())) for part in parts]
    assert all(count == 1 or count * longest <= 12 for count, longest in sizes)
    assert len(parts) == 3  # 1 2 2 | 4 5 | 30


def test_clip_features_are_those_of_single_texts(scrambled, clip, bytes_tokenizer):
    model = scrambled(CLIPRetrieval, clip)
    with torch.inference_mode():
        alone = torch.cat([model.embed_text(bytes_tokenizer([text])) for text in TEXTS])
        torch.testing.assert_close(clip_features(model, bytes_tokenizer(TEXTS), CPU), alone, atol=1e-5, rtol=0)
