"""What is measured, beside schedules and costs that are written down here."""

from __future__ import annotations

import re

import pytest

from tldr_search.ablation import limits
from tldr_search.ablation.design import design
from tldr_search.backbones.architectures import architecture
from tldr_search.config import to_ablate
from tldr_search.cost import CostModel, parse_budget
from tldr_search.reducers import get_method
from tldr_search.study.ground import Ground


def test_table_1_takes_400_tokens_out_of_one_layer_after_the_other() -> None:
    found = design(to_ablate(what="where")).variants  # counted for umt-b
    assert [v.place for v in found] == [str(layer) for layer in range(1, 13)]
    assert {v.method for v in found} == {"saliency-pruning"}
    for layer, variant in enumerate(found):
        assert variant.on_budget.schedule == (0,) * layer + (400,) + (0,) * (11 - layer)
        assert variant.on_budget.evaluated[layer] == 49  # 400 / 2352 of 288 tokens
        assert variant.on_budget.gflops == CostModel(architecture("umt-b"), "saliency-pruning")((0,) * layer + (400,)).gflops
    costs = [v.on_budget.gflops for v in found]
    assert costs == sorted(costs)
    # as printed in Table 1, but for the removed tokens' share of the block's own attention: 4 r C^2 + 2 (n^2 - (n - r)^2) C + 5 r C
    saved = (4 * 400 * 768**2 + 2 * (2352**2 - 1952**2) * 768 + 5 * 400 * 768) / 1e9
    assert [round(cost - saved, 1) for cost in costs[:7]] == [237.6, 243.1, 248.6, 254.0, 259.5, 265.0, 270.5]


def test_where_with_sta_has_three_places_and_says_so() -> None:
    found = design(to_ablate(what="where", methods=("sta", "tome"), r=30))
    assert [(v.line, v.place) for v in found.variants if v.line == "sta"] == [("sta", "1"), ("sta", "5"), ("sta", "9")]
    assert [v.on_budget.schedule for v in found.variants if v.line == "sta"] == [(30, 0, 0), (0, 30, 0), (0, 0, 30)]
    assert len([v for v in found.variants if v.line == "tome"]) == 12
    assert found.left_out == ("sta acts in layers 1, 5, 9 of umt-b only; the others are left out",)


def test_what_a_layer_cannot_lose_is_left_out_or_refused() -> None:
    found = design(to_ablate(what="where", methods=("vid-tldr", "saliency-pruning"), r=1500))
    assert {v.method for v in found.variants} == {"saliency-pruning"}
    assert found.left_out == ("vid-tldr: r = 1500 is too many; at most 1176 in layers 1 to 12 would be accepted",)
    with pytest.raises(ValueError, match=r"nothing is left to measure \(vid-tldr: r = 1500 is too many; [^;]* would be accepted\)$"):
        design(to_ablate(what="where", methods=("vid-tldr",), r=1500))


@pytest.mark.parametrize("method", ["saliency-pruning", "tome", "sta"])
def test_the_largest_r_that_is_told_is_possible_and_one_more_is_not(method: str) -> None:
    """Both models must allow it: of the 2352 tokens of umt-b 5 must stay, or umt-mini would lose all of its 288."""
    with pytest.raises(ValueError) as error:
        design(to_ablate(what="where", methods=(method,), r=3000))
    told = re.findall(r"at most (\d+) in layers? (\d+)", str(error.value))
    assert told == {
        "saliency-pruning": [("2347", "1")], "tome": [("1176", "1")], "sta": [("98", "1"), ("196", "5"), ("392", "9")],
    }[method]  # fmt: skip
    for most, first in told:
        assert first in _places(method, int(most))
        assert first not in _places(method, int(most) + 1)


def _places(method: str, r: int) -> list[str]:
    """Nothing at all may be possible."""
    try:
        return [v.place for v in design(to_ablate(what="where", methods=(method,), r=r)).variants]
    except ValueError:
        return []


def test_of_a_schedule_that_is_too_much_the_reason_is_told_once_per_line() -> None:
    with pytest.raises(ValueError) as error:
        design(to_ablate(what="informativeness", schedule="5000"))
    assert str(error.value).count("r = 5000") == 2
    assert "(attentiveness, rollout, saliency, pruned: r = 5000 in layer 1 of 12" in str(error.value)


def test_a_budget_that_is_too_small_is_told_once_with_the_least_one() -> None:
    with pytest.raises(ValueError) as error:
        design(to_ablate(what="shape", budget="1gflops"))
    told = str(error.value)
    assert "tome: no known shape comes down to 1 GFLOPs, the least is 35.19" in told
    assert told.endswith("; a budget from 35.19gflops upwards would be accepted")
    found = design(to_ablate(what="shape", budget="35.19gflops"))
    assert {v.method for v in found.variants} == {"tome"}
    assert "sta: no known shape comes down to 35.19 GFLOPs, the least is 93.84" in found.left_out
    assert "tome with vid-tldr's shape costs 52.05 GFLOPs at least, not 35.19" in found.left_out
    with pytest.raises(ValueError, match="nothing is left to measure"):
        design(to_ablate(what="shape", budget="35.1gflops"))


def test_where_steps_are_coarse_the_nearest_costs_are_told() -> None:
    """All of it leaves STA's first stage, in steps of 12 tokens: 71 per group cost 181.50 GFLOPs, 70 cost 183.03."""
    cost = CostModel(architecture("umt-b"), "sta")
    within, above = (cost((r, 0, 0)).gflops for r in (71, 70))
    (line,) = [line for line in design(to_ablate(what="shape", methods=("sta",), budget="60%")).left_out if "none just below" in line]
    assert not [other for other in design(to_ablate(what="shape", methods=("sta",), budget="60%")).left_out if "at least" in other]
    assert line.startswith(f"sta with vid-tldr's shape costs {within:.4g} or {above:.4g} GFLOPs, none just below 182; ")
    accepted = re.search(r"a budget of (\S+) would be accepted", line)
    assert accepted
    found = design(to_ablate(what="shape", methods=("sta",), budget=accepted[1]))
    assert [v.on_budget.schedule for v in found.variants if v.place == "vid-tldr"] == [(71, 0, 0)]


def test_table_7_has_one_schedule() -> None:
    found = design(to_ablate(what="informativeness"))
    assert {(v.line, v.place): v.method for v in found.variants} == {
        ("pruned", "attentiveness"): "attentiveness",
        ("pruned", "rollout"): "rollout",
        ("pruned", "saliency"): "saliency-pruning",
        ("merged", "attentiveness"): "vid-tldr:score=attentiveness",
        ("merged", "rollout"): "vid-tldr:score=rollout",
        ("merged", "saliency"): "vid-tldr",
    }
    assert {v.on_budget.schedule for v in found.variants} == {(600, 200, 100, *[0] * 9)}
    costs = {(v.line, v.place): round(v.on_budget.gflops, 1) for v in found.variants}
    assert costs["pruned", "saliency"] == costs["pruned", "attentiveness"] == 175.9
    assert costs["merged", "saliency"] == costs["merged", "attentiveness"] == 178.0
    assert (costs["pruned", "rollout"], costs["merged", "rollout"]) == (461.1, 463.3)  # counted by fvcore on the whole module


@pytest.mark.parametrize(("model", "tokens"), [("umt-mini", 288), ("videomae-l", 1568), ("clip-b16", 197)])
def test_the_published_schedule_is_carried_over_in_shares(model: str, tokens: int) -> None:
    config = to_ablate(what="informativeness", model=model, checkpoint="random", **({} if model == "umt-mini" else BY_NAME[model]))
    for variant in design(config).variants:
        left = [tokens - sum(variant.on_budget.schedule[: layer + 1]) for layer in range(3)]
        assert left == [pytest.approx(tokens * share / 2352, abs=0.5) for share in (1752, 1552, 1452)]


BY_NAME = {
    "videomae-l": {"benchmark": "demo", "task": "classification"},
    "clip-b16": {"benchmark": "demo", "vocabulary": __file__},
}


def test_shapes_cost_the_budget_and_duplicates_are_measured_once() -> None:
    found = design(to_ablate(what="shape", budget="70%"))
    base = CostModel(architecture("umt-b")).base
    assert {v.method for v in found.variants} == {"vid-tldr", "tome", "sta"}
    for variant in found.variants:
        assert 0.7 * base * 0.998 < variant.on_budget.gflops <= 0.7 * base
    requests = [(v.method, v.on_budget.schedule) for v in found.variants]
    assert len(set(requests)) == len(requests)
    assert "sta with constant r is the same as another one of these shapes" in found.left_out


def test_what_does_not_run_on_a_swin_is_left_out() -> None:
    swin = {"model": "swin-t", "checkpoint": "random", "task": "classification"}
    found = design(to_ablate(what="informativeness", **swin))
    assert {v.method for v in found.variants} == {"attentiveness", "saliency-pruning"}
    assert [line.split(":")[0] for line in found.left_out] == ["rollout, pruned", "attentiveness, rollout, saliency, merged"]
    with pytest.raises(ValueError, match="where on swin-t: nothing is left to measure"):
        design(to_ablate(what="where", methods=("vid-tldr",), **swin))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"what": "were"}, "did you mean where"),
        ({"what": "shape", "r": 3}, "r: 3, which belongs to where; for shape none would be accepted"),
        ({"what": "where", "schedule": "600"}, "schedule: 600, which belongs to informativeness"),
        ({"what": "where", "budget": "60%"}, "budget: 60%, which belongs to shape"),
        ({"what": "informativeness", "methods": "tome"}, "methods: tome; informativeness compares methods of its own"),
        ({"what": "informativeness", "schedule": "0,0"}, "schedule: 0,0 removes nothing"),
        ({"what": "shape", "methods": "tome,tome"}, "methods: tome is named twice"),
        ({"what": "shape", "methods": "none"}, "the unreduced model is always measured"),
        ({"what": "shape", "budget": "25ms"}, "one amount in gflops or per cent"),
        ({"what": "shape", "budget": "400gflops"}, "umt-b takes 303.3 gflops unreduced; less would be accepted"),
        ({"what": "where", "r": 0}, "r: 0; a whole number from 1"),
        ({"what": "where", "objective": "top1"}, "objective: unknown 'top1'"),
        ({"what": "where", "split": "nowhere"}, "split: unknown 'nowhere'"),
    ],
)
def test_mistakes_are_told_in_one_line(fields: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError) as error:
        to_ablate(**fields)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_model_and_data_come_from_an_evaluation_and_its_schedule_does_not(tmp_path) -> None:
    path = tmp_path / "evaluation.yaml"
    path.write_text(
        "model: umt-mini\nbenchmark: demo\ntask: classification\nmethod: tome\nschedule: '3,2'\nsplit: search\nout: elsewhere\n"
    )
    config = to_ablate(path, what="where")
    assert (config.model, config.task, config.measured_split, config.objective) == ("umt-mini", "classification", "search", "top1")
    assert config.compared == ("saliency-pruning",)
    assert config.schedule == ""
    assert str(config.directory).startswith("runs/ablate-where-umt-mini-demo-")
    assert to_ablate(path, what="where", objective="fidelity").objective == "fidelity"


@pytest.mark.parametrize("spec", ["saliency-pruning", "tome", "vid-tldr", "sta", "random"])
def test_where_tokens_leave_one_layer_of_the_model_that_runs(spec: str) -> None:
    config = to_ablate(what="where", methods=(spec,))
    found, method = design(config), get_method(spec)
    for variant in found.variants:
        leaving = [layer + 1 for layer, r in enumerate(method.removed(variant.on_budget.evaluated, config.evaluated.geometry)) if r]
        assert leaving == [int(variant.place)]
    assert len(found.variants) + sum("carried over" in line for line in found.left_out) == method.slots(config.counted.geometry)


def test_too_few_tokens_to_carry_over_are_no_variant() -> None:
    with pytest.raises(ValueError, match="in no layer"):
        design(to_ablate(what="where", r=3))


@pytest.mark.parametrize("shares", [(1.0, 50.0, 0.0, 7.0), (1.0,), (0.0, 1.0, 1000.0)])
@pytest.mark.parametrize("spec", ["tome", "top-k"])
def test_the_cheapest_is_what_no_larger_scale_undercuts(shares: tuple[float, ...], spec: str) -> None:
    """By brute force: shares are asked for, and what is possible of them leaves."""
    mini = architecture("umt-mini").geometry
    ground = Ground(CostModel(architecture("umt-b"), {"top-k": "saliency-pruning"}.get(spec, spec)), mini)
    whole = (*shares, *[0.0] * (ground.slots - len(shares)))
    costs = []
    for power in range(24):
        asked = [min(ground.source.num_tokens, int(2**power * share)) for share in whole]
        costs.append(ground.price(ground.clip(asked)))
    assert costs[-1] == costs[-2] <= min(costs) < costs[0]
    assert limits.cheapest(whole, ground) == costs[-1]


@pytest.mark.parametrize("price", [0.91, 35.187, 181.5, 9999.4, 9999.5, 10000.0, 12345.6, 123456789.0])
def test_a_budget_that_is_told_can_be_typed(price: float) -> None:
    text = limits.budget_text(price)
    budget = parse_budget(text)
    assert re.fullmatch(r"[0-9.]+gflops", text)
    assert price <= budget.high.value <= price * 1.0011
    assert limits.budget_text(181.41) == "181.5gflops"
