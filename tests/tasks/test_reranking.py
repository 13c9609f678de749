"""Candidates by hand; their scores against pairs that are looked at one at a time."""

import pytest
import torch

from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.tasks import reranking
from tldr_search.tasks.reranking import candidates, match
from tldr_search.tasks.texts import TextStates

TEXTS = ["a b c d e", "f", "a", "b c", "d e f g h i j", "k l", "m"]


def test_candidates_of_both_directions():
    similarity = torch.tensor([[0.9, 0.1, 0.5, 0.5], [0.2, 0.3, 0.5, 0.4], [0.1, 0.3, 0.1, 0.6]])
    found = candidates(similarity, 2)
    assert found.v2t.int().tolist() == [[1, 0, 1, 0], [0, 0, 1, 1], [0, 1, 0, 1]]  # of equals the first
    assert found.t2v.int().tolist() == [[1, 0, 1, 1], [1, 1, 1, 0], [0, 1, 0, 1]]
    assert found.either.int().tolist() == [[1, 0, 1, 1], [1, 1, 1, 1], [0, 1, 0, 1]]
    assert candidates(similarity, 128).t2v.all()


def test_other_pairs_have_another_name():
    similarity = torch.randn(6, 9, generator=torch.Generator().manual_seed(0))
    videos, texts = torch.arange(6), torch.arange(9)
    names = [candidates(similarity, k).stage(videos, texts) for k in (2, 3)]
    names += [candidates(similarity[:5], 3).stage(videos[:5], texts), candidates(similarity[:, 1:], 3).stage(videos, texts[1:])]
    names += [
        candidates(similarity, 2).stage(videos + 1, texts),
        candidates(similarity, 2).stage(videos, texts + 1),
    ]  # others were excluded
    assert len(set(names)) == 6
    assert candidates(similarity.clone(), 2).stage(videos, texts) == names[0]


@pytest.mark.parametrize("at_once", [1, 12, 1000])
@torch.inference_mode()
def test_scores_are_those_of_single_pairs(at_once, scrambled, umt, words, monkeypatch):
    monkeypatch.setattr(reranking, "IDS_AT_ONCE", at_once)
    model = scrambled(UMTRetrieval, umt)
    tokens = words()(TEXTS)
    states = TextStates(tokens.mask.sum(dim=1))
    states.put(torch.arange(len(TEXTS)), model.text_encoder(tokens))
    rows = torch.tensor([0, 2, 3, 4, 6])
    for video in torch.randn(3, 10, umt.dim):
        expected = []
        for row in rows.tolist():
            alone = words()([TEXTS[row]])
            expected.append(model.match(model.text_encoder(alone), alone.mask, model.prepare(video[None])))
        torch.testing.assert_close(match(model, video, states, rows), torch.cat(expected), atol=1e-5, rtol=0)
