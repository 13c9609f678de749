"""What every method promises; a new row of the table is tested here without a change."""

import pytest
import torch

from tldr_search.backbones.architectures import architecture
from tldr_search.reducers import METHODS, NONE, get_method
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry

SPECS = [
    *METHODS,
    "tome:metric=features",
    "tome:sorted=on:proportional=off",
    "random:seed=5",
    "vid-tldr:score=attentiveness",
    "vid-tldr:score=rollout",
]
ARCH = architecture("umt-b", dim=24, depth=5, heads=3, frames=4, image_size=48, patch_size=16)  # 36 tokens
GEOMETRY = ARCH.geometry


def observation(n: int, layer: int = 0, batch: int = 2, **changes) -> Observation:
    g = torch.Generator().manual_seed(n)
    p = torch.randn(batch, n, n, generator=g).softmax(-1)
    fields = {
        "features": torch.randn(batch, n, 24, generator=g),
        "size": None,
        "keys": torch.randn(batch, n, 8, generator=g),
        "entropy": torch.xlogy(p, p).sum(-1),
        "received": p.mean(1),
        "layer": layer,
        "rollout": p.mean(1).sqrt(),
    }
    return Observation(**(fields | changes))


def slots(spec: str, n: int) -> list[tuple[int, int, int]]:
    """(slot, layer, largest total r) for n tokens."""
    method = get_method(spec)
    layers = method.acting_layers(GEOMETRY)
    return [(s, layers[s], method.largest(s, n, GEOMETRY) * method.unit(s, GEOMETRY)) for s in range(method.slots(GEOMETRY))]


def check(assignment, batch: int, n: int, r: int) -> None:
    kept, source, target, weight = assignment
    assert kept.shape == (batch, n - r)
    assert source.shape == target.shape == weight.shape == (batch, r)
    assert torch.equal(torch.cat([kept, source], 1).sort(1).values, torch.arange(n).expand(batch, -1))
    assert ((target >= 0) & (target < n - r)).all()
    assert ((weight >= 0) & (weight <= 1)).all()  # and so not NaN


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("n", [36, 28, 24, 12, 8, 4])
def test_exactly_r_leave(spec, n):
    reducer = get_method(spec).build(GEOMETRY)
    for slot, layer, largest in slots(spec, n):
        unit = get_method(spec).unit(slot, GEOMETRY)
        for r in {unit, largest // 2 // unit * unit, largest}:
            if 0 < r <= largest:
                check(reducer(observation(n, layer), r), 2, n, r)


@pytest.mark.parametrize("spec", [s for s in SPECS if s != "sta"])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 35])
def test_odd_and_tiny_counts(spec, n):
    reducer = get_method(spec).build(GEOMETRY)
    for r in range(1, get_method(spec).largest(0, n, GEOMETRY) + 1):
        check(reducer(observation(n), r), 2, n, r)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("value", [0.0, 1.0, -3.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_degenerate_input(spec, value, dtype):
    flat = {
        "features": torch.full((2, 36, 24), value, dtype=dtype),
        "keys": torch.full((2, 36, 8), value, dtype=dtype),
        "entropy": torch.full((2, 36), -value),
        "received": torch.full((2, 36), 1 / 36),
        "rollout": torch.full((2, 36), 1 / 36),
    }
    for _, layer, largest in slots(spec, 36):
        check(get_method(spec).build(GEOMETRY)(observation(36, layer, **flat), largest), 2, 36, largest)


@pytest.mark.parametrize("spec", [s for s in SPECS if s != "sta"])
def test_class_token_stays_in_front_or_first_of_the_even_ones(spec):
    geometry = GEOMETRY._replace(protected=1, num_tokens=37)
    reducer = get_method(spec).build(geometry)
    for n in (37, 36, 5, 3):
        r = get_method(spec).largest(0, n, geometry)
        assignment = reducer(observation(n), r)
        check(assignment, 2, n, r)
        assert (assignment.kept[:, 0] == 0).all()
        assert not ((assignment.target == 0) & (assignment.weight > 0)).any()


@pytest.mark.parametrize("spec,protected", [("tome", 2), ("vid-tldr", 2), ("tome:sorted=off", 1), ("sta", 1)])
def test_what_cannot_be_protected_is_refused(spec, protected):
    with pytest.raises(ValueError, match="would be accepted"):
        get_method(spec).build(GEOMETRY._replace(protected=protected))


def test_sta_with_frames_apart_leaves_their_class_tokens_alone():
    geometry = GEOMETRY._replace(protected=1, num_tokens=10, sequences=4)
    reducer = get_method("sta").build(geometry)
    for _, layer, largest in [(s, get_method("sta").acting_layers(geometry)[s], 4) for s in range(3)]:
        assignment = reducer(observation(10, layer, batch=8), largest)
        check(assignment, 8, 10, largest)
        assert (assignment.kept[:, 0] == 0).all()
        assert (assignment.kept[:, 1:] > 0).all()


@pytest.mark.parametrize("spec", [*SPECS, "none"])
def test_impossible_schedules(spec):
    method = get_method(spec)
    slots = method.slots(GEOMETRY)
    largest = method.largest(0, 36, GEOMETRY)
    method.removed((largest, 0), GEOMETRY)
    for schedule, says in (
        ((largest + 1, 0), f"0 to {largest} would be accepted"),
        ((-1, 0), "r = -1"),
        ((1.5,), "whole numbers"),
        ((0,) * (slots + 1), f"at most {slots}"),
    ):
        with pytest.raises(ValueError, match="would be accepted") as error:
            method.removed(schedule, GEOMETRY)
        assert says in str(error.value)


def test_error_names_layer_value_and_limit():
    with pytest.raises(ValueError, match=r"vid-tldr: r = 15 in layer 2 of 5, where 26 tokens arrive; 0 to 13 would be accepted"):
        get_method("vid-tldr").removed((10, 15), GEOMETRY)
    with pytest.raises(ValueError, match=r"sta: r = 9 in stage 2 \(after block 2 of 5, 2 groups\), where 32 tokens arrive; 0 to 8"):
        get_method("sta").removed((1, 9), GEOMETRY)


def test_sta_geometry_and_counts():
    method = get_method("sta")
    umt = Geometry(2352, 12, 12, 768, 12)
    assert method.removed((10, 4, 2), umt) == (120, 0, 0, 0, 24, 0, 0, 0, 6, 0, 0, 0)
    assert method.full((5,), umt) == (5, 5, 5)
    assert method.full((5, 1), umt) == (5, 1, 0)
    with pytest.raises(ValueError, match="6 temporal positions"):
        method.removed((1,), umt._replace(groups=6))
    with pytest.raises(ValueError, match="2 layers"):
        method.removed((1,), umt._replace(depth=2))


@pytest.mark.parametrize(
    "spec,says",
    [
        ("vid_tldr", "did you mean vid-tldr"),
        ("xyz", "accepted are vid-tldr, tome"),
        ("tome:metrics=keys", "did you mean metric"),
        ("tome:metric=key", "keys or features would be accepted"),
        ("tome:metric", "metric=''"),
        ("tome:metric=keys:metric=keys", "given twice"),
        ("sta:r=3", "has no options"),
        ("random:seed=-1", "a whole number from 0"),
        ("vid-tldr:score=entropy", "saliency or attentiveness or rollout would be accepted"),
    ],
)
def test_unknown_methods(spec, says):
    with pytest.raises(ValueError) as error:
        get_method(spec)
    assert says in str(error.value)


def test_specs_are_canonical():
    assert get_method("tome:sorted=on:metric=features").spec == "tome:metric=features:sorted=on"
    assert get_method("tome:metric=keys").spec == "tome"
    assert get_method(get_method("random:seed=7").spec).settings == {"seed": "7"}
    assert get_method("none") is NONE or get_method("none") == NONE
    assert NONE.build(GEOMETRY) is None
