import random
import subprocess
import sys

import pytest

import tldr_search as ts
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.fvcore_count import count_macs
from tldr_search.cost import CostModel, parse_budget
from tldr_search.reducers import METHODS

SPECS = [
    *METHODS,
    "none",
    "tome:metric=features",
    "tome:metric=features:sorted=on:proportional=off",
    "random:seed=3",
    "vid-tldr:score=attentiveness",
    "vid-tldr:score=rollout",
]
UMT = architecture("umt-b", dim=24, depth=4, heads=3, frames=4, image_size=80, num_classes=5)
VIDEOMAE = architecture("videomae-b", dim=32, depth=3, heads=4, image_size=48, num_classes=7)


def random_schedule(model: CostModel, rng: random.Random) -> tuple[int, ...]:
    left, entries = model.geometry.num_tokens, []
    for slot in range(model.method.slots(model.geometry)):
        largest = model.method.largest(slot, left, model.geometry)
        entries.append(rng.choice([0, rng.randint(0, largest), largest // 3]))
        left -= entries[-1] * model.method.unit(slot, model.geometry)
    return tuple(entries)


@pytest.mark.parametrize("arch", [UMT, VIDEOMAE], ids=lambda arch: arch.family)
@pytest.mark.parametrize("spec", SPECS)
def test_equals_fvcore_to_the_last_unit(arch, spec):
    rng, model = random.Random(0), CostModel(arch, spec)
    for schedule in [model.most, *(random_schedule(model, rng) for _ in range(2))]:
        assert model(schedule).macs == count_macs(arch, spec, schedule)


def test_sta_with_one_group_left_equals_fvcore():
    arch = architecture("umt-b", dim=24, depth=3, heads=3, frames=4, image_size=48)
    assert CostModel(arch, "sta")((2, 3, 4)).macs == count_macs(arch, "sta", (2, 3, 4))


@pytest.mark.parametrize(
    "name,method,schedule,gflops",
    [
        ("umt-b", "none", (), 303.3),
        ("umt-b", "vid-tldr", (600, 200, 100), 178.0),
        ("umt-b", "vid-tldr", (500,), 227.6),
        ("umt-l", "none", (), 984.6),
        ("umt-b", "tome:metric=features", (100,) * 12, 218.7),
        ("umt-b", "saliency-pruning", (600, 200, 100), 175.9),
    ],
)
def test_printed_numbers(name, method, schedule, gflops):
    assert round(ts.gflops(name, method=method, schedule=schedule), 1) == gflops
    assert round(count_macs(architecture(name), method, schedule) / 1e9, 1) == gflops


@pytest.mark.parametrize(
    "name,macs",
    [
        (
            "videomae-s",
            {0: 56950316928, 16: 49147871968, 32: 41806334048, 48: 35025200608, 64: 28804471648, 80: 23144147168, 96: 18044227168},
        ),
        (
            "videomae-b",
            {0: 180489404160, 16: 157895328352, 32: 136320526304, 48: 115864495456, 64: 96527235808, 80: 78308747360, 96: 61209030112},
        ),
        ("videomae-l", {0: 597218448384, 32: 446656822496, 64: 308737757152}),
        ("videomae-h", {0: 1191636363520, 64: 611491472672}),
    ],
)
def test_sta_integers(name, macs):
    model = CostModel(architecture(name), "sta")
    assert {r: model((r,)).macs for r in macs} == macs


def test_layers_tokens_and_bounds():
    model = CostModel(architecture("umt-b"), "vid-tldr")
    cost = model((600, 200, 100))
    assert cost.tokens[:5] == (2352, 1752, 1552, 1452, 1452)
    assert len(cost.tokens) == 13
    assert cost.macs == cost.patch_embed + sum(layer.macs for layer in cost.layers) + cost.tail
    assert model.base == pytest.approx(303.343, abs=1e-3)
    assert model.least < cost.gflops < model.base


def test_counting_never_imports_torch():
    code = (
        "import sys, tldr_search as ts, tldr_search.published; ts.gflops('umt-b', 'sta', (20,));"
        "print('torch' in sys.modules, 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    "text,low,high,unit",
    [
        ("180gflops", 180, 180, "gflops"),
        ("200.5 GFLOPs", 200.5, 200.5, "gflops"),
        ("60%", 182.006, 182.006, "gflops"),
        ("120gflops..300gflops", 120, 300, "gflops"),
        ("25ms", 25, 25, "ms"),
        ("20%..2.5 ms", 60.669, 2.5, "ms"),
        ("900MiB", 900, 900, "mib"),
        ("900mib..2gib", 900, 2048, "mib"),
    ],
)
def test_budget(text, low, high, unit):
    budget = parse_budget(text)
    assert budget.unit == unit
    if low > high:
        with pytest.raises(ValueError, match=r"60\.67 ms is above 2\.5 ms; the lower end comes first"):
            budget.at(CostModel(architecture("umt-b")).base)
        return
    assert budget.at(CostModel(architecture("umt-b")).base) == pytest.approx((low, high), abs=1e-3)
    assert budget.is_range == (low != high)
    assert parse_budget(str(budget)) == budget


@pytest.mark.parametrize(
    "text,says",
    [
        ("180", "did you mean 180gflops"),
        ("180gflop", "did you mean 180gflops"),
        ("60percent", "did you mean 60%"),
        ("25s", "did you mean 25gflops"),
        ("25msec", "did you mean 25ms"),
        ("2gb", "did you mean 2gib"),
        ("20ms..900mib", "ms and MiB; both ends in one unit"),
        ("-3gflops", "no amount"),
        ("0gflops", "above 0"),
        ("120%", "at most 100%"),
        ("300gflops..120gflops", "120gflops..300gflops would be accepted"),
        ("1gflops..2gflops..3gflops", "3 amounts"),
        ("", "no amount"),
    ],
)
def test_budget_near_misses(text, says):
    with pytest.raises(ValueError, match="would be accepted") as error:
        parse_budget(text)
    assert says in str(error.value)


def test_the_ends_of_a_range_in_different_units():
    assert parse_budget("30%..100gflops").at(300) == (90, 100)
    with pytest.raises(ValueError, match="the lower end comes first"):
        parse_budget("90%..100gflops").at(300)
