"""What an evaluator tells a search of videos with several samples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tldr_search.config import default_study
from tldr_search.evaluate import Evaluator, Measurement
from tldr_search.scores import Rate, Request
from tldr_search.tasks.outcome import Outcome


def test_outcomes_are_means_over_a_video_and_come_with_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = Rate(np.array([1.0, 0, 1, 1, 0, 1]), np.array([7, 7, 7, 2, 5, 5]), tuple("abcdef"))
    found = Measurement(Outcome({"t2v_r1": 400 / 6}, {"t2v_r1": rate}, {}, None), {}, 3, 3, 1.5)  # type: ignore[arg-type]
    evaluator = Evaluator(default_study())
    monkeypatch.setattr(evaluator, "_part", lambda *_: found)
    told = evaluator(Request("none", (), "search", "t2v_r1"))
    assert (told.outcomes, told.counts) == (pytest.approx((1, 1 / 2, 2 / 3)), (1, 2, 3))
    assert told.sampled.score == pytest.approx(told.score)
    assert (told.num_videos, told.seconds) == (3, 1.5)
    alone = rate._replace(clusters=np.arange(6))
    found = found._replace(outcome=found.outcome._replace(rates={"t2v_r1": alone}))
    assert dataclasses.replace(evaluator(Request("none", (), "search", "t2v_r1")), seconds=0).counts == ()
