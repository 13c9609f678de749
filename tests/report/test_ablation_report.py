"""The table and the picture of an ablation, from a result that is written down here."""

from __future__ import annotations

import csv
import io
import re

import pytest
from scipy.stats import binomtest

from tldr_search.ablation.result import AblationResult, Measured
from tldr_search.report.ablation import screen, summary, write_ablation
from tldr_search.report.ablation.picture import picture
from tldr_search.report.ablation.rows import rows
from tldr_search.report.ablation.tabulated import table
from tldr_search.report.markup import as_csv, as_latex, as_markdown
from tldr_search.report.style import METHODS, Style
from tldr_search.study.result import Point


def point(method: str, outcomes: list[int], gflops: float, schedule: tuple[int, ...] = ()) -> Point:
    return Point(
        method=method, schedule=schedule, evaluated=schedule, gflops=gflops, budget=gflops, origin="",
        score=100 * sum(outcomes) / len(outcomes), metrics={},
        outcomes=tuple(map(float, outcomes)), seconds=1.0, price=gflops, num_videos=len(outcomes),
    )  # fmt: skip


BASE = [1] * 30 + [0] * 10
WORSE = [1] * 12 + [0] * 28
"""18 samples are lost."""
MIXED = [1] * 27 + [0] * 3 + [1] * 2 + [0] * 8
"""3 are lost, 2 are won."""


def made(what: str, *variants: Measured, objective: str = "t2v_r1", benchmark: str = "demo") -> AblationResult:
    return AblationResult(
        what=what, model="umt-mini", cost_model="umt-b", benchmark=benchmark, task="retrieval", split="report", objective=objective,
        asked="400 of 2352 tokens leave one layer", base=point("none", BASE, 300.0), variants=variants, left_out=("sta: too far",),
        command="", seconds=3.0, versions={},
    )  # fmt: skip


def where(**fields: str) -> AblationResult:
    return made(
        "where",
        Measured("saliency-pruning", "1", point("saliency-pruning", WORSE, 240.0, (400, 0, 0, 0))),
        Measured("saliency-pruning", "10", point("saliency-pruning", MIXED, 290.0, (0, 0, 0, 400))),
        Measured("saliency-pruning", "2", point("saliency-pruning", MIXED, 250.0, (0, 400, 0, 0))),
        **fields,
    )


def test_differences_are_paired_and_corrected_for_all_variants() -> None:
    found = rows(where())
    assert [row.to_base.points for row in found] == pytest.approx([-45, -2.5, -2.5])
    lost, mixed = binomtest(0, 18).pvalue, binomtest(2, 5).pvalue
    assert [row.to_base.p for row in found] == pytest.approx([lost, mixed, mixed])
    assert [row.to_base.p_holm for row in found] == pytest.approx([3 * lost, 1, 1])
    assert [row.percent_of_base for row in found] == pytest.approx([80, 290 / 3, 250 / 3])


def test_without_labels_the_distance_to_100_is_not_tested() -> None:
    found = rows(where(objective="agreement"))
    assert found[0].to_base.points == pytest.approx(30 - 100)
    assert found[0].to_base.p is None
    assert "100 by definition" in screen(where(objective="agreement"))


def test_the_table_says_all_for_programs_and_for_people() -> None:
    found = table(where(), rows(where()))
    records = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [r["variant"] for r in records] == ["unreduced", *(f"saliency pruning, layer {k}" for k in (1, 10, 2))]
    assert [r["schedule"] for r in records] == ["", "400", "0,0,0,400", "0,400"]
    assert float(records[1]["to_base"]) == pytest.approx(-45)
    assert float(records[1]["to_base_low"]) < -45 < float(records[1]["to_base_high"])
    assert "left out: sta: too far" in screen(where())
    assert found.caption.endswith("Left out: sta: too far.")
    assert max(map(len, screen(where()).splitlines())) <= 100
    assert summary(where())["variants"][0]["schedule"] == [400, 0, 0, 0]


def test_names_are_escaped() -> None:
    odd = where(benchmark="a_b|<c>&$")
    assert "a\\_b\\|&lt;c&gt;&amp;" in as_markdown(table(odd, rows(odd)))
    assert "a\\_b\\textbar{}" in as_latex(table(odd, rows(odd)))


def test_layers_are_drawn_where_their_numbers_are() -> None:
    drawn = picture(where(), rows(where()))
    assert drawn.ticks == ((1, "1"), (2, "2"), (10, "10"))
    (line,) = drawn.lines
    assert [(d.x, d.score, d.gflops) for d in line.dots] == [(1, 30, 240), (2, 72.5, 250), (10, 72.5, 290)]
    assert drawn.base.score == 75
    assert drawn.joined
    assert drawn.cost_label


def test_pruned_and_merged_are_set_side_by_side() -> None:
    result = made(
        "informativeness",
        Measured("pruned", "attentiveness", point("attentiveness", WORSE, 176.0)),
        Measured("pruned", "saliency", point("saliency-pruning", MIXED, 176.0)),
        Measured("merged", "saliency", point("vid-tldr", MIXED, 178.0)),
    )
    drawn = picture(result, rows(result))
    assert [name for _, name in drawn.ticks] == ["attentiveness", "saliency"]
    pruned, merged = drawn.lines
    assert pruned.dots[1].x < 1 < merged.dots[0].x
    assert pruned.style.marker != merged.style.marker
    assert abs(_grey(pruned.style) - _grey(merged.style)) > 0.3, "told apart without colour, too"
    for style in METHODS.values():
        assert not {style.colour, style.marker} & {*pruned.style, *merged.style}, "no method's"
    assert not drawn.joined


def _grey(style: Style) -> float:
    """Luma (Rec. 601), 0 black to 1 white."""
    red, green, blue = (int(style.colour.light[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_every_bar_has_its_cost_with_one_decimal(tmp_path) -> None:
    write_ablation(where(), tmp_path)
    numbers = re.findall(r">(\d+\.\d)</text>", (tmp_path / "ablation.svg").read_text())
    assert numbers == ["240.0", "250.0", "290.0"]
    assert re.findall(r">(\d+) %</text>", (tmp_path / "ablation.svg").read_text()) == ["80", "83", "97"]


def test_shapes_of_one_cost_have_no_panel_of_costs() -> None:
    result = made(
        "shape", Measured("tome", "constant", point("tome", MIXED, 180.0)), Measured("vid-tldr", "vid-tldr", point("vid-tldr", BASE, 180.0))
    )
    drawn = picture(result, rows(result))
    assert drawn.cost_label == ""
    assert "vid-TLDR, vid-TLDR's shape" in screen(result)
    assert screen(result).isascii()
    turned = made("shape", *(Measured("sta", name, point("sta", MIXED, 180.0)) for name in ("sta", "vid-tldr", "constant")))
    assert [row.measured.place for row in rows(turned)] == ["vid-tldr", "constant", "sta"]  # as in the report of a study
    assert [name for _, name in drawn.ticks] == ["vid-TLDR’s shape", "constant r"]
    (published, constant), (tome, vid_tldr) = (x for x, _ in drawn.ticks), drawn.lines
    assert [round(x) for x in tome.missing] == [published]
    assert [round(x) for x in vid_tldr.missing] == [constant]
    assert drawn.missing_label
    assert picture(where(), rows(where())).missing_label == ""  # layers in which a method can't act are no news


def test_every_file_is_written_and_the_same_each_time(tmp_path) -> None:
    first, second = (write_ablation(where(), tmp_path / name) for name in "ab")
    assert [path.name for path in first] == [
        "ablation.png", "ablation.svg", "ablation.pdf",
        "ablation_where.csv", "ablation_where.json", "ablation_where.md", "ablation_where.tex",
    ]  # fmt: skip
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert "saliency pruning" in first[1].read_text()
