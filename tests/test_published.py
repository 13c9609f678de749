"""The published numbers: computed from schedules written down here, and the tables' own consistency."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tldr_search.__main__ import main
from tldr_search.backbones.architectures import ARCHITECTURES, architecture
from tldr_search.cost import CostModel
from tldr_search.published import BENCHMARKS, PUBLISHED, RESULTS, Published, Status, leading, published_points
from tldr_search.reducers import get_method

TOME = "tome:metric=features"


def count(model: str, method: str = "none", schedule: tuple[int, ...] = (), **fields: Any) -> float:
    return CostModel(architecture(model, **fields), method)(schedule).gflops


def by_half(r: int, tokens: int, layers: int, protected: int = 0) -> tuple[int, ...]:
    """r in every layer, or half of what arrives where that is less."""
    schedule = []
    for _ in range(layers):
        schedule.append(min(r, (tokens - protected) // 2))
        tokens -= schedule[-1]
    return tuple(schedule)


@pytest.mark.parametrize(
    "gflops,model,schedule",
    [
        (303.3, "umt-b", ()),
        (984.6, "umt-l", ()),
        (178.0, "umt-b", (600, 200, 100)),
        (227.6, "umt-b", (500,)),
        (206.2, "umt-b", (400, 150, 150)),
        (212.9, "umt-b", (200, 200, 200, 100)),
        (203.7, "umt-b", (400, 300)),
        (583.7, "umt-l", (250, 250, 200, 200)),
        (610.9, "umt-l", (450, 250, 100)),
        (559.0, "umt-l", (800, 100)),
        (188.5, "umt-b", (600, 200)),
        (569.8, "umt-l", (400, 400, 100)),
    ],
)
def test_vid_tldr_on_umt(gflops: float, model: str, schedule: tuple[int, ...]) -> None:
    assert round(count(model, "vid-tldr", schedule), 1) == gflops


@pytest.mark.parametrize(
    "gflops,model,r,frames",
    [
        (218.7, "umt-b", 100, 12),
        (236.8, "umt-b", 80, 12),
        (223.2, "umt-b", 95, 12),
        (232.2, "umt-b", 85, 12),
        (241.4, "umt-b", 75, 12),
        (574.5, "umt-l", 75, 12),
        (627.2, "umt-l", 65, 12),
        (78.5, "umt-b", 0, 4),
        (267.8, "umt-l", 0, 4),
        (66.2, "umt-b", 20, 4),
        (62.8, "umt-b", 25, 4),
        (182.1, "umt-l", 20, 4),
        (160.9, "umt-l", 25, 4),
    ],
)
def test_tome_on_umt(gflops: float, model: str, r: int, frames: int) -> None:
    layers = 12 if model == "umt-b" else 24
    assert round(count(model, TOME, (r,) * layers, frames=frames), 1) == gflops


def test_videomae_and_vifi_clip() -> None:
    assert round(count("videomae-b"), 1) == 180.5
    assert round(count("videomae-b", TOME, by_half(200, 1568, 12)), 1) == 58.4
    assert round(count("vifi-clip-b16"), 0) == 563
    assert round(count("vifi-clip-b16", "vid-tldr", (50, 30, 20, 10)), 2) == 279.04


def test_no_constant_r_gives_the_unmatched_costs() -> None:
    unmatched = {"umt-b": (231.4, 223.9), "umt-l": (529.7,)}
    for model, printed in unmatched.items():
        layers = 12 if model == "umt-b" else 24
        found = {round(count(model, method, by_half(r, 2352, layers)), 1) for r in range(60, 98) for method in (TOME, "tome")}
        assert found.isdisjoint(printed)
    assert not any(round(count("vifi-clip-b16", method, by_half(r, 197, 12, 1))) == 279 for r in range(14, 19) for method in (TOME, "tome"))


@pytest.mark.parametrize(
    "model,gflops",
    [
        ("videomae-s", (56.950, 49.148, 41.806, 35.025, 28.804, 23.144, 18.044)),
        ("videomae-b", (180.489, 157.895, 136.321, 115.864, 96.527, 78.309, 61.209)),
        ("videomae-l", (597.218, 520.395, 446.657, 376.105, 308.738, 244.556, 183.561)),
        ("videomae-h", (1191.636, 1038.463, 890.653, 748.329, 611.491, 480.141, 354.276)),
    ],
)
def test_sta(model: str, gflops: tuple[float, ...]) -> None:
    assert tuple(round(count(model, "sta", (r,)), 3) for r in range(0, 97, 16)) == gflops


@pytest.mark.parametrize(
    "model,base,printed",
    [
        ("swin-t", 88.1, (68, 61, 54)),
        ("swin-s", 166.1, (121, 106, 91)),
        ("swin-b", 281.9, (202, 176, 149)),
        ("swin-b-w16", 320.9, (241, 215, 188)),
    ],
)
def test_sta_on_swin(model: str, base: float, printed: tuple[int, ...]) -> None:
    """192, 256 and 320 of 784 positions leave: 12, 16 and 20 in each of 16 groups."""
    assert round(count(model), 1) == base
    for r, gflops in zip((12, 16, 20), printed, strict=True):
        assert count(model, "sta", (r,)) == pytest.approx(gflops, abs=0.5)


@pytest.mark.parametrize("printed,r", [(598, 0), (281, 65), (325, 55)])
def test_tome_on_spatiotemporal_mae(printed: int, r: int) -> None:
    assert round(count("videomae-l", "tome", by_half(r, 1569, 24, 1), class_token=True)) == printed


def test_tome_decreasing_on_spatiotemporal_mae() -> None:
    schedule = tuple(int(130 - 130 / 23 * layer) for layer in range(24))
    assert round(count("videomae-l", "tome", schedule, class_token=True)) == 184


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.name)
def test_a_row_is_what_its_status_says(row: Published) -> None:
    if not row.countable:
        assert row.status is Status.NOT_REPRODUCED
        return
    gflops = count(row.model, row.method, row.schedule, **row.fields)
    assert row.agrees(gflops) == (row.status in (Status.REPRODUCED, Status.INFERRED))
    if row.status is Status.CONVENTION:
        assert _counted_as_printed(row, gflops)


def _counted_as_printed(row: Published, gflops: float) -> bool:
    """The printed cost, from ours and what the other convention leaves out or counts elsewhere."""
    arch = architecture(row.model, **row.fields)
    c, r = arch.dim, sum(row.schedule)
    mlp_of_removed = r * (8 * c**2 + 5 * c) / 1e9
    if row.method == "attentiveness":  # they leave after the MLP
        return row.agrees(gflops + mlp_of_removed)
    if row.method == "rollout":  # one whole unreduced pass is added, and no products of the rollout
        cost = CostModel(arch, row.method)
        return row.agrees((cost(row.schedule).macs - cost(row.schedule).observation) / 1e9 + cost.base)
    if row.method == "saliency-pruning":  # they leave before the block, so its attention is spared, too
        n = arch.num_tokens
        return row.agrees(gflops - (4 * r * c**2 + 2 * (n**2 - (n - r) ** 2) * c + 5 * r * c) / 1e9)
    costs = CostModel(arch, row.method)(row.schedule)
    norms = sum(10 * layer.tokens_in * c for layer in costs.layers) + 5 * c
    return row.agrees(gflops - (norms + sum(layer.decision for layer in costs.layers)) / 1e9)


def test_rows_are_complete_and_names_unique() -> None:
    assert len({row.name for row in PUBLISHED}) == len(PUBLISHED)
    for row in PUBLISHED:
        assert row.model in ARCHITECTURES
        assert get_method(row.method).spec == row.method
        assert row.benchmark in BENCHMARKS
        assert row.source
        assert row.note or row.status in (Status.REPRODUCED, Status.NOT_REPRODUCED)
    assert {row.status for row in PUBLISHED} == set(Status)


def test_every_result_stands_beside_a_published_cost() -> None:
    for result in RESULTS:
        assert result.source
        assert result.gflops > 0
        assert result.metrics
        assert all(0 < value <= 100 for value in result.metrics.values())
        assert any(result.belongs_to(row) for row in PUBLISHED), result
        assert (
            len([r for r in RESULTS if r[:5] == result[:5] and r.source == result.source and r.metrics.keys() & result.metrics.keys()]) == 1
        )


@pytest.mark.parametrize("result", [r for r in RESULTS if {"base_top1", "novel_top1", "hm"} <= set(r.metrics)], ids=lambda r: r.method)
def test_harmonic_means(result: Any) -> None:
    base, novel = result.metrics["base_top1"], result.metrics["novel_top1"]
    assert 2 * base * novel / (base + novel) == pytest.approx(result.metrics["hm"], abs=0.1)


def test_recall_grows_with_k() -> None:
    for result in RESULTS:
        for task in ("t2v", "v2t", "mean"):
            values = [result.metrics[name] for name in (f"{task}_r1", f"{task}_r5", f"{task}_r10") if name in result.metrics]
            assert values == sorted(values), result


def test_points_to_draw() -> None:
    points = published_points("umt-b", "msrvtt")
    assert ("vid-tldr", 178.0, "mean_r1", 50.8) in {p[:4] for p in points}
    assert ("none", 303.3, "t2v_r1", 51.0) in {p[:4] for p in points}
    assert [p.gflops for p in points] == sorted(p.gflops for p in points)
    assert {p.gflops for p in published_points("videomae-l", "k400", "ST-MAE")} == {598, 281, 325, 184}
    assert 281 not in {p.gflops for p in published_points("videomae-l", "k400")}
    assert published_points("umt-mini", "demo") == []


def test_leading_accuracy() -> None:
    rows = {row.name: row for row in PUBLISHED}
    assert leading(rows["sta-k400-videomae-b-r64"]) == ("top1", 80.8)
    assert leading(rows["none-msvd-umt-b"]) == ("mean_r1", 57.1)  # of the paper whose cost it is, not of the first table
    assert leading(rows["vid-tldr-msrvtt-qa-umt-b"]) is None


def test_the_list_fits_and_tells_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "schedules"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 160
    assert "75 x 24" in text
    assert "not reproduced" in text
    assert main(["list", "schedules", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["schedules"]
    assert len(rows) == len(PUBLISHED)
    unmatched = next(row for row in rows if row["printed"] == "231.4")
    assert unmatched["counted_gflops"] is None
    assert unmatched["results"][0]["mean_r1"] == 47.0


def test_never_imports_torch() -> None:
    code = "import sys, tldr_search.published; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)
