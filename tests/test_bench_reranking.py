"""Both ways of re-ranking give the same scores."""

import pytest

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.architectures import architecture
from tldr_search.bench_reranking import OURS, PLAIN, compare

TEXT = TextArchitecture(dim=24, depth=3, heads=3, vocab_size=30, max_positions=32, fusion_layers=2)
TINY = architecture("umt-b", dim=20, depth=2, heads=2, frames=2, image_size=32, embed_dim=8, text=TEXT)


def test_the_scores_are_the_same():
    found = compare(TINY, num_videos=5, num_texts=7, k_test=2, turns=2)
    assert [row.name for row in found.rows] == [OURS, PLAIN]
    assert all(len(row.seconds) == 2 and min(row.seconds) > 0 for row in found.rows)
    assert found.num_pairs[1] == 2 * (5 + 7) > found.num_pairs[0]
    assert found.difference < 1e-5


def test_a_model_that_does_not_re_rank():
    with pytest.raises(ValueError, match="umt-mini has no layers that match texts with videos"):
        compare(architecture("umt-mini"), 2, 2, 1, 1)
