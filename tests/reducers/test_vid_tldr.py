import math

import pytest
import torch

from tldr_search.reducers import get_method
from tldr_search.reducers.reducer import Observation
from tldr_search.reducers.vid_tldr import saliency
from tldr_search.schedule import Geometry
from tldr_search.tokens import Tokens, merge


def build(n: int, dim: int = 4):
    return get_method("vid-tldr").build(Geometry(num_tokens=n, groups=1, depth=2, dim=dim, heads=2))


def negative_entropy(attention):
    p = attention.mean(dim=1)
    return torch.xlogy(p, p).sum(-1)


def vid_tldr_loops(x, size, attention, r):
    """One clip, equation by equation: x [N][C], size [N], attention [h, N, N]."""
    n = len(x)
    mean = [[sum(float(attention[h, i, j]) for h in range(len(attention))) / len(attention) for j in range(n)] for i in range(n)]
    s = [sum(p * math.log(p) for p in row) for row in mean]
    s = [v - min(s) for v in s]
    s = [v / max(s) for v in s]
    average = sum(s) / n
    top = max(v - average for v in s)
    s_hat = [0.0 if v < average else (v - average) / top for v in s]
    evens, odds = list(range(0, n, 2)), list(range(1, n, 2))
    similarity = {i: [float(torch.nn.functional.cosine_similarity(x[i], x[j], dim=0)) for j in odds] for i in evens}
    ranked = sorted(evens, key=lambda i: -max(similarity[i]))
    total = {j: (x[j] * size[j], float(size[j])) for j in odds}
    for i in ranked[:r]:
        j = odds[similarity[i].index(max(similarity[i]))]
        total[j] = (total[j][0] + s_hat[i] * size[i] * x[i], total[j][1] + s_hat[i] * float(size[i]))
    rows = [(x[i], float(size[i])) for i in sorted(ranked[r:])] + [(total[j][0] / total[j][1], total[j][1]) for j in odds]
    return torch.stack([row[0] for row in rows]), torch.tensor([row[1] for row in rows])


@pytest.mark.parametrize("n,r", [(12, 4), (11, 5), (12, 6), (5, 1)])
def test_against_loops(n, r):
    g = torch.Generator().manual_seed(n)
    x, size = torch.randn(2, n, 4, generator=g), 1 + 2 * torch.rand(2, n, generator=g)
    attention = torch.randn(2, 3, n, n, generator=g).softmax(-1)
    out = merge(Tokens(x, size, None), build(n)(Observation(x, size, None, negative_entropy(attention), None, 0), r))
    for i in range(2):
        features, sizes = vid_tldr_loops(x[i], size[i], attention[i], r)
        torch.testing.assert_close(out.features[i], features, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(out.size[i], sizes, atol=1e-5, rtol=1e-4)


def test_released_numbers():
    h, i, j = torch.arange(2.0)[:, None, None], torch.arange(8.0)[:, None], torch.arange(8.0)
    x = torch.sin(1 + 0.7 * i**2 + 1.3 * torch.arange(4.0))[None]
    entropy = negative_entropy((2 * torch.cos(0.5 * h + 0.9 * i - 0.4 * i * j)).softmax(-1)[None])
    close = {"atol": 3e-6, "rtol": 0}
    torch.testing.assert_close(saliency(entropy)[0], torch.tensor([0, 0, 0.932653, 1, 0.596313, 0.209837, 0.766548, 0.311576]), **close)
    first = merge(Tokens(x, None, None), build(8)(Observation(x, None, None, entropy, None, 0), 3))
    expected = torch.tensor(
        [
            [-0.611858, -0.925815, 0.116549, 0.988168],
            [0.991665, 0.141120, -0.916166, -0.631267],
            [0.861478, 0.719142, -0.476738, -0.974196],
            [-0.348364, 0.809979, 0.781701, -0.391771],
            [-0.676118, -0.890804, 0.199540, 0.997557],
        ]
    )
    torch.testing.assert_close(first.features[0], expected, **close)
    torch.testing.assert_close(first.size[0], torch.tensor([1, 1, 1.766548, 1.596313, 1]), **close)
    entropy = negative_entropy((2 * torch.sin(0.3 * h + 1.1 * i[:5] * j[:5])).softmax(-1)[None])
    torch.testing.assert_close(saliency(entropy)[0], torch.tensor([0, 1, 0, 0.029894, 0.881263]), **close)
    second = merge(first, build(8)(Observation(first.features, first.size, None, entropy, None, 1), 2))
    torch.testing.assert_close(
        second.features[0], torch.stack([expected[0], expected[1], torch.tensor([-0.464944, 0.205018, 0.574629, 0.102407])]), **close
    )
    torch.testing.assert_close(second.size[0], torch.tensor([1, 1, 2.477576]), **close)


def test_equal_saliency_has_no_foreground():
    assert (saliency(torch.full((2, 5), -3.0)) == 0).all()
    assert (saliency(torch.zeros(1, 1)) == 0).all()
