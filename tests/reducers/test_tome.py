import pytest
import torch
import torch.nn.functional as F

from tldr_search.reducers import get_method
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry
from tldr_search.tokens import Tokens, merge


def geometry(n: int, protected: int = 0, dim: int = 24) -> Geometry:
    return Geometry(num_tokens=n, groups=1, depth=4, dim=dim, heads=4, protected=protected)


def observe(features, keys=None, size=None, layer=0) -> Observation:
    return Observation(features, size, keys, None, None, layer)


def tome_loops(x, size, metric, r, protected, in_order):
    """One clip, written from the paper: lists of (features, size) in output order."""
    n = len(x)
    evens, odds = list(range(0, n, 2)), list(range(1, n, 2))
    similarity = {i: [float(F.cosine_similarity(metric[i], metric[j], dim=0)) for j in odds] for i in evens}
    best = {i: (-2.0 if i < protected else max(similarity[i])) for i in evens}
    ranked = sorted(evens, key=lambda i: -best[i])
    absorbed = {j: ([x[j] * size[j]], [size[j]]) for j in odds}
    for i in ranked[:r]:
        features, sizes = absorbed[odds[similarity[i].index(max(similarity[i]))]]
        features.append(x[i] * size[i])
        sizes.append(size[i])
    stay = sorted(ranked[r:]) if in_order else ranked[r:]
    rows = [(x[i], size[i]) for i in stay] + [(sum(absorbed[j][0]) / sum(absorbed[j][1]), sum(absorbed[j][1])) for j in odds]
    return torch.stack([row[0] for row in rows]), torch.stack([row[1] for row in rows])


@pytest.mark.parametrize(
    "spec,protected,in_order", [("tome", 0, False), ("tome", 1, True), ("tome:sorted=on", 0, True), ("tome:metric=features", 0, False)]
)
@pytest.mark.parametrize("n,r", [(11, 3), (12, 5), (12, 0), (7, 3)])
def test_against_loops(spec, protected, in_order, n, r):
    g = torch.Generator().manual_seed(n)
    x, keys = torch.randn(2, n, 24, generator=g), torch.randn(2, n, 6, generator=g)
    size = torch.randint(1, 4, (2, n), generator=g).float()
    out = merge(Tokens(x, size, None), get_method(spec).build(geometry(n, protected))(observe(x, keys, size), r))
    for i in range(2):
        features, sizes = tome_loops(x[i], size[i], (x if "features" in spec else keys)[i], r, protected, in_order)
        torch.testing.assert_close(out.features[i], features)
        torch.testing.assert_close(out.size[i], sizes)


@pytest.mark.parametrize("name", ["tome-matching", "tome-matching-no-class-token"])
def test_golden_matching(name, golden):
    case, t = golden(name)
    protected = int(case["class_token"])
    tokens = Tokens(t["x0"], None, None)
    for step, r in enumerate(case["removed_per_step"]):
        n = tokens.features.shape[1]
        reducer, r = (
            get_method("tome").build(geometry(n, protected)),
            min(r, (n - protected) // 2),
        )  # the last of one case asks for too many
        tokens = merge(tokens, reducer(observe(tokens.features, t[f"metric{step}"], tokens.size), r))
        torch.testing.assert_close(tokens.features, t[f"x{step + 1}"], atol=1e-5, rtol=0)
        torch.testing.assert_close(tokens.size, t[f"size{step + 1}"], atol=1e-5, rtol=0)


def test_umt_numbers():
    """vid-TLDR's variant of plain ToMe: metric = x."""
    p, c = torch.arange(8.0)[:, None], torch.arange(4.0)
    x = torch.sin(1 + 0.7 * p**2 + 1.3 * c)[None]
    out = merge(Tokens(x, None, None), get_method("tome:metric=features").build(geometry(8, dim=4))(observe(x), 3))
    expected = torch.tensor([[0.855930, 0.726447, -0.467282, -0.976442], [-0.350355, 0.808729, 0.783023, -0.389814]])
    torch.testing.assert_close(out.features[0, 2:4], expected, atol=2e-6, rtol=0)
    assert out.size.tolist() == [[1, 1, 3, 2, 1]]


def test_equal_similarities_go_to_the_lower_position():
    x = torch.ones(1, 8, 24)
    assignment = get_method("tome:metric=features").build(geometry(8))(observe(x), 2)
    assert assignment.source.tolist() == [[0, 2]]
    assert assignment.kept.tolist() == [[4, 6, 1, 3, 5, 7]]
    assert assignment.target.tolist() == [[2, 2]]


def test_half_precision_does_not_blur_the_matching():
    g = torch.Generator().manual_seed(0)
    x = (1 + 0.01 * torch.randn(1, 64, 24, generator=g)).bfloat16()  # all cosines above 0.999
    reducer = get_method("tome:metric=features").build(geometry(64))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = reducer(observe(x), 16)
    assert torch.equal(half.source, reducer(observe(x.float()), 16).source)
