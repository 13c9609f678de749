"""Prices that are measured: put together as the model is, beside whole models."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch

from tldr_search import latency
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.encoder import Block
from tldr_search.bench import Setting
from tldr_search.config import default_study
from tldr_search.cost.profile import Deciding, OfMethod, Passing, Profile, from_mapping, to_mapping
from tldr_search.reducers import get_method
from tldr_search.schedule import Schedule

TINY = architecture("umt-b", dim=24, depth=4, heads=3, frames=4, image_size=64)
GEOMETRY = TINY.geometry


def made_up(unit: str) -> Profile:
    """Of blocks that cost n + 100 if they decide, less r / 10, and 5 more once any have left."""
    n = GEOMETRY.num_tokens

    def deciding(unit: int, counts: tuple[int, ...], more: int) -> Deciding:
        few = tuple(count + 100 - unit / 10 + more for count in counts)
        return Deciding(counts, few, tuple(count + 100 - count // unit // 2 * unit / 10 + more for count in counts))

    def of(name: str) -> OfMethod:
        method = get_method(name)
        units = [method.unit(slot, GEOMETRY) for slot in range(method.slots(GEOMETRY) if name == "sta" else 1)]
        counts = (units[0] * 2, n // 2, n)
        return OfMethod(
            Passing((1, n), (6.0, n + 5.0)), tuple(deciding(u, (n,), 0) for u in units), tuple(deciding(u, counts, 5) for u in units)
        )

    return Profile(unit, "tiny", "here", "fp32", 2, 1000.0, 7.0, float(n), {name: of(name) for name in ("tome", "sta")})


def by_hand(method: str, schedule: Schedule) -> list[float]:
    """What the parts cost, by the rule in `made_up`."""
    n, costs, any_left = GEOMETRY.num_tokens, [7.0], False
    for r in get_method(method).removed(schedule, GEOMETRY):
        costs.append(n + 5 * any_left + (100 - r / 10 if r else 0))
        n, any_left = n - r, any_left or r > 0
    return costs


@pytest.mark.parametrize(("unit", "together"), [("ms", sum), ("mib", max)])
@pytest.mark.parametrize(
    ("method", "schedule"), [("tome", ()), ("tome", (10, 0, 7)), ("tome", (0, 3, 5, 1)), ("sta", (2, 1, 0)), ("sta", (0, 3, 2))]
)
def test_a_price_is_put_together_as_the_model_is(unit: str, together, method: str, schedule: Schedule) -> None:
    price = made_up(unit).price(get_method(method), GEOMETRY)
    assert price(schedule) == pytest.approx(1000 + together(by_hand(method, schedule)), rel=1e-4)


def test_a_profile_survives_json() -> None:
    profile = made_up("ms")
    assert from_mapping(json.loads(json.dumps(to_mapping(profile)))) == profile


class Counter:
    """Instead of a clock: what a run costs are the multiply-adds of linear layers and the tokens that are merged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[int, int, int]] = []
        forward = Block.forward

        def counted(block: Block, tokens, reducer=None, r=0, layer=0, reached=None):
            self.calls.append((tokens.features.shape[1], r, layer))
            self.total += tokens.features.shape[1] + 50 * (r > 0) - 0.5 * r
            return forward(block, tokens, reducer, r, layer, reached)

        monkeypatch.setattr(Block, "forward", counted)
        monkeypatch.setattr(latency._Bench, "_milliseconds", self.cost)
        self.total = 0.0

    def cost(self, given, run) -> float:
        self.total = 3.0
        run(given)
        return self.total


@pytest.mark.parametrize("model", ["umt-b", "clip-b16"])
def test_every_part_is_measured_and_whole_models_agree(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    counter = Counter(monkeypatch)
    arch = architecture(model, dim=24, depth=4, heads=3, frames=4, image_size=64)
    methods = [get_method(name) for name in ("tome", "vid-tldr", "sta", "random")]
    profile = latency._Bench(Setting(arch, "fp32", 2), "ms").profile(methods)
    assert profile.ends == 3
    assert profile.untouched == 3 + arch.num_tokens
    assert {check.method for check in profile.checks} == {"tome", "vid-tldr", "sta", "random"}
    for check in profile.checks:  # 3 is counted with each part; half of an odd number of tokens is rounded
        assert check.priced - 3 * arch.geometry.depth == pytest.approx(check.measured, rel=1e-3)
    for found in profile.methods.values():
        assert all(a < b for table in (found.passing, *found.later) for a, b in pairwise(table.tokens))
    assert {layer for _, r, layer in counter.calls if r} == set(range(arch.geometry.depth))


def test_milliseconds_are_per_clip_and_rise_with_tokens() -> None:
    bench = latency._Bench(Setting(TINY, "fp32", 2), "ms")
    profile = bench.profile([get_method("tome")])
    found = profile.methods["tome"]
    for costs in (found.passing.costs, found.later[0].few, found.later[0].many):
        assert list(costs) == sorted(costs)
        assert costs[0] > 0
    assert all(many <= few for table in found.later for few, many in zip(table.few, table.many, strict=True))
    assert "whole models prices are at most" in latency.as_told(profile)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is missing where there is no GPU")
def test_memory_is_measured_on_a_gpu() -> None:
    config = default_study(cost_model="umt-mini", budget="900mib")
    with pytest.raises(ValueError, match="budget 900mib: peak memory is measured on a GPU, and there is none here; a budget in ms"):
        latency.measure_profile(config)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("unit", ["ms", "mib"])
def test_on_a_gpu_prices_are_near_whole_models(unit: str) -> None:
    profile = latency._Bench(Setting(architecture("umt-b"), "bf16", 8), unit).profile([get_method(m) for m in ("tome", "sta", "vid-tldr")])
    assert all(abs(check.error) < (0.15 if unit == "ms" else 0.05) for check in profile.checks), profile.checks
