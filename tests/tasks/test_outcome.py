"""Any metric that is a rate, or a mean of rates, finds its samples."""

import numpy as np
import pytest
import torch

from tldr_search.scores import Rate, estimate
from tldr_search.tasks.outcome import Mean, Outcome
from tldr_search.tasks.said import Said, Samples, overlap

A = Rate(np.array([1.0, 0, 1, 1]), np.arange(4), ("a", "b", "c", "d"))
B = Rate(np.array([1.0, 0, 0]), np.array([4, 5, 5]), ("e", "f", "g"))
OF = Samples(("a", "b"), np.arange(2))
OUTCOME = Outcome(
    {"base": 75.0, "novel": 100 / 3, "hm": 46.2, "mean": 54.2, "mdr": 3.0},
    {"base": A, "novel": B},
    {},
    Said(np.array([0, 1]), OF, torch.eye(2), OF, overlap),
    {"hm": Mean(("base", "novel"), harmonic=True), "mean": Mean(("base", "novel"))},
)


def test_estimates():
    assert OUTCOME.estimate("novel") == estimate([B])
    assert OUTCOME.estimate("mean") == estimate([A, B])
    assert OUTCOME.estimate("hm") == estimate([A, B], harmonic=True)
    assert OUTCOME.rate("base") is A
    assert [OUTCOME.num_samples(name) for name in ("novel", "hm")] == [3, 7]


@pytest.mark.parametrize("ask", [OUTCOME.estimate, OUTCOME.rate, OUTCOME.num_samples])
def test_what_is_no_rate(ask):
    with pytest.raises(ValueError, match="objective 'mdr' is not a rate of this task; one of base, novel would be accepted"):
        ask("mdr")
