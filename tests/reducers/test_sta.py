import pytest
import torch

from tldr_search.reducers import get_method
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry

CASES = {
    0: (
        48,
        [
            [1, 3, 5, 2],
            [7, 6, 11, 9],
            [12, 14, 15, 16],
            [22, 21, 19, 20],
            [29, 27, 28, 24],
            [32, 31, 30, 33],
            [37, 39, 38, 36],
            [47, 44, 46, 42],
        ],
    ),
    4: (32, [[4, 2, 7, 6, 5, 3], [12, 14, 15, 13, 11, 9], [22, 21, 19, 20, 23, 18], [25, 27, 29, 31, 26, 28]]),
    8: (24, [[1, 3, 5, 7, 9, 11, 2, 4, 8, 6], [12, 22, 21, 14, 19, 13, 16, 15, 23, 20]]),
}


@pytest.mark.parametrize("layer", CASES)
def test_released_numbers(layer):
    count, expected = CASES[layer]
    p = torch.arange(count, dtype=torch.float64)[:, None]
    x = torch.sin(0.37 * p + 1.1 * torch.arange(4)) * (1 + 0.1 * ((7 * p) % 5))
    k = torch.cos(0.53 * p + 0.9 * torch.arange(3)) + 0.2 * ((3 * p) % 4)
    reducer = get_method("sta").build(Geometry(48, 8, 12, 4, 1))
    assignment = reducer(Observation(x[None], None, k[None], None, None, layer), 2 * len(expected))
    assert assignment.kept[0].tolist() == [i for group in expected for i in group]


def sta_loops(x, k, groups, r, backward):
    """One clip, written from the description: kept positions in output order."""
    n = len(x) // groups
    k = [row / row.norm() for row in k]
    kept, previous, score = {}, None, None
    for t in range(groups - 1, -1, -1) if backward else range(groups):
        at = range(t * n, (t + 1) * n)
        if previous is None:
            evens, odds = list(at)[::2], list(at)[1::2]
            order = odds + sorted(evens, key=lambda i: max(float(k[i] @ k[j]) for j in odds))
            previous, kept[t] = order, order[: n - r]
            continue
        strength = [float(x[i].abs().sum()) for i in at]
        semantic = [(s - min(strength)) / (max(strength) - min(strength)) for s in strength]
        transition = torch.stack([torch.stack([k[i] @ k[j] for i in at]).softmax(0) for j in previous], dim=1)
        accumulated = transition.sum(1) if score is None else transition @ score
        order = sorted(range(n), key=lambda i: float(accumulated[i]) * (1 - semantic[i]))[: n - r]
        score = accumulated[order] / accumulated[order].sum()
        previous = kept[t] = [at[i] for i in order]
    return [i for t in range(groups) for i in kept[t]]


@pytest.mark.parametrize("groups,n,r", [(12, 8, 3), (12, 7, 3), (4, 9, 4), (4, 2, 1), (8, 6, 1)])
def test_against_loops(groups, n, r):
    reducer = get_method("sta").build(Geometry(groups * n, groups, 6, 4, 1))
    for stage, layer in enumerate((0, 2, 4)):
        count = groups >> stage
        g = torch.Generator().manual_seed(stage)
        x, k = (torch.randn(2, count * n, d, generator=g, dtype=torch.float64) for d in (4, 3))
        kept = reducer(Observation(x, None, k, None, None, layer), r * count).kept
        assert kept.tolist() == [sta_loops(x[i], k[i], count, r, backward=stage == 1) for i in range(2)]
