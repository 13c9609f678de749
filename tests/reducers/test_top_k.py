import pytest
import torch

from tldr_search.reducers import get_method
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry


def geometry(n: int, protected: int = 0) -> Geometry:
    return Geometry(num_tokens=n, groups=1, depth=3, dim=4, heads=1, protected=protected)


@pytest.mark.parametrize("name,statistic", [("attentiveness", "received"), ("saliency-pruning", "entropy"), ("rollout", "rollout")])
@pytest.mark.parametrize("protected", [0, 1, 2])
def test_the_lowest_leave_and_order_is_kept(name, statistic, protected):
    scores = torch.tensor([[0.1, 0.5, 0.3, 0.3, 0.9, 0.3], [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]])
    fields = {"entropy": None, "received": None, "rollout": None} | {statistic: scores}
    observation = Observation(torch.randn(2, 6, 4), None, None, **fields, layer=0)
    reducer = get_method(name).build(geometry(6, protected))
    assert reducer.needs == {statistic}
    for r in range(6 - max(protected, 1) + 1):
        kept = reducer(observation, r).kept
        for row, values in zip(kept.tolist(), scores.tolist(), strict=True):
            free = sorted(range(protected, 6), key=lambda i: (values[i], -i))
            assert row == sorted(set(range(6)) - set(free[:r]))


def test_published_scores():
    """Eq. 3 is the column mean, Eq. 5 the negative entropy of the rows, of the head-mean map."""
    from tldr_search.backbones.encoder import _observed_attention

    g = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, 7, 4, generator=g) for _ in range(3))
    p = (q @ k.transpose(-1, -2) / 2).softmax(-1).mean(1)
    _, (_, entropy, received, _) = _observed_attention(q, k, v, None)
    torch.testing.assert_close(received, p.mean(1))
    torch.testing.assert_close(entropy, (p * p.log()).sum(-1))
