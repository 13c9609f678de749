"""The tables of a study."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.published import published_points
from tldr_search.report import markup, tabulated
from tldr_search.report.layers import layers
from tldr_search.report.markup import Estimate, Table
from tldr_search.report.quality import hypervolumes
from tldr_search.report.rows import rows
from tldr_search.report.speed import Speed, Timed
from tldr_search.study.budget import Ground, repair
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]


def on_cost(result: Result, **fields: object) -> Result:
    """`result` with winners at the budget whose GFLOPs are those of their schedules."""

    def counted(p: Point) -> Point:
        if p.budget != result.budget:
            return p
        count = CostModel(architecture(result.cost_model), p.method)
        ground = Ground(count, architecture(result.cost_model).geometry)
        return dataclasses.replace(p, **repair([1.0 + i for i in range(ground.slots)], result.budget, ground)._asdict())

    winners = tuple(map(counted, result.winners))
    trials = (*result.trials, *(dataclasses.replace(w, part=1.0) for w in winners))
    return dataclasses.replace(result, winners=winners, trials=trials, **fields)


def column(table: Table, name: str) -> list[object]:
    index = [c.name for c in table.columns].index(name)
    return [row[index] for row in table.rows]


def test_winners(result: Result) -> None:
    table = tabulated.winners(result, rows(result))
    assert column(table, "method") == ["none", "tome", "vid-tldr", "sta", "random"]
    assert column(table, "schedule")[0] is None
    found = {r.point.method: r for r in rows(result) if r.role == "winner" and r.point.budget == 180}
    index = column(table, "method").index("sta")
    row = found["sta"]
    assert row.to_constant is not None
    assert column(table, "score")[index] == Estimate(row.point.score, *row.ci95)
    assert column(table, "to_constant")[index] == Estimate(*row.to_constant[:3])
    assert (column(table, "to_constant_p")[index], column(table, "to_constant_p_holm")[index]) == row.to_constant[3:]
    assert column(table, "to_random")[-1] is None
    for said in (
        "text-to-video R@1",
        "300 videos of the report split of demo",
        "Holm over 18 winners (methods × costs; vs constant r: 17)",
        "cost counted for umt-b",
    ):
        assert said in table.caption


def test_columns_follow_what_was_measured(build: Build, unlabelled: Result) -> None:
    bare = build(("sta",), baselines=False, known=())
    names = [c.name for c in tabulated.winners(bare, rows(bare)).columns]
    assert not any(name.startswith(("to_constant", "to_random")) for name in names)
    names = [c.name for c in tabulated.winners(unlabelled, rows(unlabelled)).columns]
    assert names[:5] == ["method", "schedule", "known_shape", "price", "gflops"]
    assert [t.name for t in tabulated.tables(bare, rows(bare))] == ["winners", "layers", "hypervolume"]


def test_same_split_is_said_in_the_tables(build: Build) -> None:
    same = build(same_split=True)
    for table in (tabulated.winners(same, rows(same)), tabulated.front(same, rows(same))):
        assert "Warning: chosen and measured on the same clips" in table.caption


def test_front_has_every_row(result: Result) -> None:
    table, everything = tabulated.front(result, rows(result)), rows(result)
    same = [r for r in everything if r.role == "known" and (r.point.method, r.point.budget, r.point.origin) == ("tome", 180.0, "constant")]
    found = [r for r in everything if r not in same]
    assert len(same) == 1  # it is ToMe's searched schedule, and stands there once
    assert column(table, "score") == [Estimate(r.point.score, *r.ci95) for r in found]
    assert column(table, "on_front") == [r.on_front for r in found]
    assert column(table, "role") == [r.role for r in found]


def test_equal_cost(result: Result) -> None:
    table = tabulated.equal(result, rows(result))
    assert table is not None
    assert column(table, "method") == ["tome", "vid-tldr", "sta", "random"]
    random = next(p for p in result.baselines if p.budget == 180)
    cell = column(table, "shape_constant")[3]
    assert isinstance(cell, Estimate)
    assert cell.value == random.score
    assert column(table, "searched")[3] is None
    bare = dataclasses.replace(result, known=())
    assert tabulated.equal(bare, rows(bare)) is None


@pytest.mark.parametrize("methods", [("vid-tldr", "tome", "sta")])
def test_the_layers_add_up_to_the_gflops_of_the_point(build: Build, methods: tuple[str, ...]) -> None:
    result = on_cost(build(methods))
    points = {p.method: p for p in result.winners if p.budget == 180}
    found = layers(result)
    assert [m.method for m in found.methods] != []
    for method in found.methods:
        point = points[method.method]
        assert sum(part.gflops for part in method.parts) == pytest.approx(point.gflops, abs=1e-9)
        assert sum(part.unreduced for part in method.parts) == pytest.approx(CostModel(architecture("umt-b")).base, abs=1e-9)
        assert [part.name for part in method.parts] == ["patches", *map(str, range(1, 13)), "tail"]
        blocks = method.parts[1:-1]
        assert [b.tokens_in for b in blocks[1:]] == [b.tokens_out for b in blocks[:-1]]
        assert blocks[0].tokens_in == architecture("umt-b").geometry.num_tokens
        for block in blocks:
            shares = (block.attention, block.decision, block.mlp, block.downsample)
            assert sum(share or 0 for share in shares) == pytest.approx(block.gflops)
        counted = CostModel(architecture("umt-b"), method.method)(point.schedule).layers
        macs = [(layer.attention, layer.decision, layer.mlp, layer.downsample) for layer in counted]
        found_macs = [tuple(1e9 * (x or 0) for x in (b.attention, b.decision, b.mlp, b.downsample)) for b in blocks]
        assert found_macs == [pytest.approx(each) for each in macs]


def lone_winner(build: Build, cost_model: str, method: str) -> Result:
    """A study of one method whose winner removes as much as can be."""
    point = dataclasses.replace(build(("sta",)).winners[0], method=method, budget=180.0)
    point = dataclasses.replace(point, schedule=CostModel(architecture(cost_model), method).most)
    return build(("sta",), cost_model=cost_model, winners=(point,), trials=(dataclasses.replace(point, part=1.0),))


@pytest.mark.parametrize(("cost_model", "method", "extra"), [("swin-t", "sta", "downsample"), ("umt-mini", "rollout", "observation")])
def test_what_only_some_models_and_methods_do_is_a_part_too(build: Build, cost_model: str, method: str, extra: str) -> None:
    found = layers(lone_winner(build, cost_model, method))
    counted = CostModel(architecture(cost_model), method)(found.methods[0].schedule)
    assert sum(p.gflops for p in found.methods[0].parts) == pytest.approx(counted.gflops)
    assert found.downsamples == (extra == "downsample")
    first = found.methods[0].parts[0]
    assert (first.name == "observation") == (extra == "observation")
    if extra == "observation":
        assert first.percent is None or first.percent > 0
        assert first.gflops == pytest.approx(counted.observation / 1e9)


def test_the_table_of_layers(result: Result) -> None:
    counted = on_cost(result)
    table = tabulated.layer_by_layer(counted)
    sums = [row for row in table.rows if row[1] == "all"]
    gflops = {p.method: p.gflops for p in counted.winners if p.budget == 180}
    assert {row[0]: row[-3] for row in sums} == pytest.approx(gflops)
    assert len(table.rows) == 3 * 15


def test_hypervolume(result: Result) -> None:
    table = tabulated.areas(result)
    assert column(table, "hypervolume") == [Estimate(h.percent, h.low, h.high) for h in hypervolumes(result)]


def test_published_rows_are_marked_as_not_measured(build: Build) -> None:
    real = build(model="umt-b", cost_model="umt-b", benchmark="msrvtt")
    table = tabulated.published(real)
    assert table is not None
    points = published_points("umt-b", "msrvtt")
    assert column(table, "value") == [p.value for p in points]
    assert column(table, "gflops") == [p.gflops for p in points]
    assert set(column(table, "measured_here")) == {False}
    assert "not measured here" in table.caption
    for twin in (build(benchmark="msrvtt"), build(model="umt-b", benchmark="msrvtt", overrides={"frames": 4}), build(model="umt-b")):
        assert tabulated.published(twin) is None


def test_speed() -> None:
    rows = (
        Timed("none", (), 303.3, 1.0, 50.0, 48.0, 55.0, 20.0, None, 1.0),
        Timed("sta", (72, 0, 0), 180.0, 1.685, 30.0, 29.0, 31.0, 33.3, 145.2, 1.65),
    )
    speed = Speed("umt-b", {"frames": 8}, "a GPU", "2.13", "bf16", 4, 3, rows)
    table = tabulated.measured(speed)
    for said in ("umt-b, frames 8", "a GPU", "torch 2.13", "bf16", "batch 4", "3 turns"):
        assert said in table.caption
    assert column(table, "speed_up") == [1.0, 1.65]
    assert column(table, "ms")[1] == Estimate(30.0, 29.0, 31.0)
    assert markup.shown(table)[0][5] == "–"  # memory that the system did not tell is not made up
