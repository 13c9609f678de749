"""What may go wrong while candidates are looked at again."""

import numpy as np
import pytest
import torch

from tests.tasks.test_retrieval import ONE_EACH, make, model, split
from tldr_search.backbones.umt import UMTRetrieval

__all__ = ["model"]


def test_pairs_of_other_videos_are_not_taken_for_these(run, model, umt, words, settings, clips, videos, tmp_path):
    """Another video is excluded, so the matrix of pairs looks the same."""
    data, pixels = split(ONE_EACH, videos), clips(7, umt)
    run(make(model, data, words, settings, 128, exclude=True), pixels, bad=(0,))
    resumed = run(make(model, data, words, settings, 128, exclude=True), pixels, bad=(2,))
    fresh = run(make(model, data, words, settings, 128, exclude=True), pixels, bad=(2,), directory=tmp_path / "fresh")
    assert resumed.columns["t2v_name"].tolist() == fresh.columns["t2v_name"].tolist()
    for column in ("t2v_rank", "v2t_rank", "itc_t2v_rank"):
        assert np.array_equal(resumed.columns[column], fresh.columns[column])


def test_no_number_is_no_result(run, model, umt, words, settings, clips, videos):
    with torch.no_grad():
        model.itm_head.weight.fill_(torch.nan)
    with pytest.raises(RuntimeError, match="no finite numbers for 7 samples"):
        run(make(model, split(ONE_EACH, videos), words, settings, 128), clips(7, umt))


def test_texts_are_halved_when_memory_does_not_suffice(run, model, umt, words, settings, clips, videos, tmp_path, monkeypatch):
    data, pixels = split(ONE_EACH, videos), clips(7, umt)
    whole = run(make(model, data, words, settings, 128), pixels)
    match, sizes = UMTRetrieval.match, []

    def cramped(self, states, mask, memory):
        sizes.append(len(states))
        if len(states) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return match(self, states, mask, memory)

    monkeypatch.setattr(UMTRetrieval, "match", cramped)
    again = run(make(model, data, words, settings, 128), pixels, directory=tmp_path / "cramped")
    assert sizes[:5] == [7, 3, 1, 2, 4]
    assert again.metrics == whole.metrics
