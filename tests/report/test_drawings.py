"""What is written: the same bytes twice, texts as texts, identifiers on every mark, nothing left behind."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axis import Tick
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from tldr_search.report import drawings, style
from tldr_search.report.drawings import canvas
from tldr_search.report.drawings.history import NARROW as NARROW_HISTORY
from tldr_search.report.drawings.history import WIDE as WIDE_HISTORY
from tldr_search.report.pictures import Pictures, pictures
from tldr_search.report.pictures.front import Dot, Line, Spot
from tldr_search.report.rows import rows
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


@pytest.fixture(scope="module")
def drawn(result: Result) -> Pictures:
    return pictures(result, rows(result))


@pytest.fixture(scope="module")
def front(drawn: Pictures) -> str:
    return drawings.svg_text(drawings.front_figure(drawn.front))


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter(f"{SVG}text")]


def identifiers(svg: str) -> list[str]:
    return [e.attrib["id"] for e in ET.fromstring(svg).iter() if "id" in e.attrib]


def place(svg: str, gid: str) -> tuple[float, float]:
    """Where the only marker of that element stands."""
    (group,) = (e for e in ET.fromstring(svg).iter(f"{SVG}g") if e.attrib.get("id") == gid)
    (use,) = group.iter(f"{SVG}use")
    return float(use.attrib["x"]), float(use.attrib["y"])


def test_svg_has_its_texts_and_is_the_same_twice(drawn: Pictures, front: str) -> None:
    assert front == drawings.svg_text(drawings.front_figure(drawn.front))
    picture = drawn.front
    assert {picture.x_label, picture.y_label, picture.budget_label, picture.base_label, "vid-TLDR", "random dropping"} <= {*texts(front)}


@pytest.mark.parametrize("size", [drawings.WIDE, drawings.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("legend", [True, False], ids=["legend", "bare"])
def test_every_mark_has_its_identifier_once(drawn: Pictures, size: tuple[float, float], legend: bool) -> None:
    svg = drawings.svg_text(drawings.front_figure(drawn.front, size, legend))
    found = identifiers(svg)
    intervals = [f"m{i}-interval-{k}" for i, line in enumerate(drawn.front.lines) for k in range(len(line.dots) - 1)]
    lines = [f"m{i}-line" for i in range(len(drawn.front.lines))]
    for gid in (*drawn.front.marks, *intervals, *lines, "base-band", "budget", "knee"):
        assert found.count(gid) == 1, gid


def test_marks_stand_where_price_and_score_say(drawn: Pictures, front: str) -> None:
    shifts = [line.shift for line in drawn.front.lines]
    expected, found = [], []
    for gid, mark in drawn.front.marks.items():
        kind = gid.split("-")[1] if gid.startswith("m") else ""
        shift = shifts[int(gid[1])] if kind in ("dot", "known") else 0.0
        if gid != "knee":
            expected.append((mark.price + shift, mark.score))
            found.append(place(front, gid))
    for axis in (0, 1):
        a, b = np.array(expected)[:, axis], np.array(found)[:, axis]
        slope, offset = np.polyfit(a, b, 1)
        assert np.abs(slope * a + offset - b).max() < 1e-3
        assert bool(slope > 0) is (axis == 0)  # the y axis of SVG points down


def test_a_legend_of_ones_own_leaves_the_other_out(drawn: Pictures) -> None:
    bare = texts(drawings.svg_text(drawings.front_figure(drawn.front, legend=False)))
    assert "vid-TLDR" not in bare
    assert drawn.front.x_label in bare


def test_colours_are_those_of_the_style(drawn: Pictures, front: str) -> None:
    allowed = {colour.light for colour in style.COLOURS}
    others = [
        drawings.history_figure(drawn.history),
        drawings.evaluations_figure(drawn.evaluations),
        drawings.sensitivity_figure(drawn.sensitivity) if drawn.sensitivity else None,
    ]
    for svg in (front, *(drawings.svg_text(figure) for figure in others if figure)):
        assert {*re.findall(r"#[0-9a-f]{6}\b", svg)} <= allowed


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance of WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_numbers_can_be_read_in_every_cell(drawn: Pictures) -> None:
    figure = drawings.heat_figure(drawn.schedules)
    figure.draw_without_rendering()
    cells = figure.axes[0].collections[0].get_facecolor()
    ink = luminance(to_rgb(style.INK.light))
    contrasts = [(luminance(tuple(cell)) + 0.05) / (ink + 0.05) for cell in cells]
    assert min(contrasts) >= 4.5
    assert max(contrasts) > 2 * min(contrasts)  # there are dark cells and light ones


def test_nothing_covers_the_front(build: Build) -> None:
    """The knee is a known shape here, as high as any, and winners of other methods lie beside it."""
    own = build()
    best = max((k for k in own.known if k.budget == 180), key=lambda k: k.score)
    hits = tuple(x * (i > 3) for i, x in enumerate(own.base.outcomes))  # nearly the unreduced model's
    higher = dataclasses.replace(best, score=100 * sum(hits) / len(hits), outcomes=hits)
    own = dataclasses.replace(own, known=tuple(higher if k is best else k for k in own.known))
    picture = pictures(own, rows(own)).front
    axes = drawings.front_figure(picture).axes[0]
    layers = {str(line.get_gid()): line.get_zorder() for line in axes.lines}
    spots = {f"m{i}-{k}-{n}": s for i, line in enumerate(picture.lines) for k in ("dot", "known") for n, s in enumerate(spots_of(line, k))}
    on_front = {gid for gid, spot in spots.items() if spot.on_front}
    assert any("known" in gid for gid in on_front)
    assert min(layers[gid] for gid in on_front) > max(layers[gid] for gid in spots if gid not in on_front)
    winners = [layers[gid] for gid in spots if "dot" in gid]
    assert max(layers[gid] for gid in spots if "known" in gid and gid not in on_front) < min(winners)
    assert layers["front-line"] < min(layers[gid] for gid in on_front)
    (ring,) = (line for line in axes.lines if line.get_gid() == "knee")
    assert picture.knee is not None
    assert tuple(ring.get_xydata()[0]) == picture.knee[:2]
    assert ring.get_markersize() < 2 * 7.5  # around a mark of 7 points and no further


def spots_of(line: Line, kind: str) -> Sequence[Dot | Spot]:
    return line.dots[:-1] if kind == "dot" else line.known


def test_published_values_are_ringed_and_named(build: Build) -> None:
    own = build(model="umt-b", benchmark="msrvtt")
    picture = pictures(own, rows(own)).front
    svg = drawings.svg_text(drawings.front_figure(picture))
    assert identifiers(svg).count("published-0") == 1
    assert {"ringed: published elsewhere, not measured here", "unreduced model: UMT model zoo"} <= {*texts(svg)}


def test_figures_come_in_their_order_without_what_is_missing(drawn: Pictures) -> None:
    names = ["pareto", "schedules", "schedules_by_cost", "history", "sensitivity", "evaluations"]
    assert list(drawings.figures(drawn)) == names
    assert list(drawings.figures(drawn._replace(sensitivity=None))) == [n for n in names if n != "sensitivity"]


def test_files_are_for_print_and_the_same_twice(drawn: Pictures, tmp_path: Path) -> None:
    for turn in ("first", "second"):
        (tmp_path / turn).mkdir()
        for name, figure in (("pareto", drawings.front_figure(drawn.front)), ("ladder", drawings.ladder_figure(drawn.ladder))):
            paths = drawings.write(figure, tmp_path / turn, name)
            assert [p.name for p in paths] == [f"{name}.png", f"{name}.svg", f"{name}.pdf"]
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
        assert path.stat().st_size < 500_000


def test_pdf_embeds_truetype_and_knows_no_date(drawn: Pictures, tmp_path: Path) -> None:
    pdf = drawings.write(drawings.history_figure(drawn.history), tmp_path, "history")[2].read_bytes()
    assert b"/FontFile2" in pdf  # TrueType
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_texts_are_texts(build: Build) -> None:
    text = '<script>alert(1)</script> "><img onerror=x> $x^2$ & \\frac'
    hostile = build(report_split=text, search_split=text)
    picture = pictures(hostile, rows(hostile))
    for figure in drawings.figures(picture).values():
        tags = {e.tag for e in ET.fromstring(drawings.svg_text(figure)).iter()}
        assert not {f"{SVG}{name}" for name in ("script", "img", "image", "a", "foreignObject")} & tags
    words = " ".join(texts(drawings.svg_text(drawings.front_figure(picture.front))))
    assert text in words.replace("\n", " ")


def test_narrow_ones_are_drawn_too(drawn: Pictures, build: Build) -> None:
    assert drawn.sensitivity is not None
    many = build(("vid-tldr",))
    many = dataclasses.replace(many, same_split=True, trials=tuple(t for t in many.trials if t.part == 1))
    alone = pictures(many, rows(many))
    for figure in (
        drawings.history_figure(drawn.history, NARROW_HISTORY),
        drawings.sensitivity_figure(drawn.sensitivity, wide=False),
        drawings.evaluations_figure(drawn.evaluations, wide=False, legend=False),
        drawings.front_figure(alone.front, drawings.NARROW),
        drawings.evaluations_figure(alone.evaluations, wide=False),
    ):
        assert len(texts(drawings.svg_text(figure))) > 10


def many_methods(result: Result) -> Result:
    """Twelve: those of `result`, four more and five variants with long names."""
    tome = ("metric=features", "metric=features:sorted=on:proportional=off", "proportional=off")
    variants = [*(f"tome:{options}" for options in tome), *(f"vid-tldr:score={score}" for score in ("attentiveness", "rollout"))]
    names = ["attentiveness", "saliency-pruning", "rollout", "random", *variants]

    def more(points: tuple[Point, ...]) -> tuple[Point, ...]:
        own = [dataclasses.replace(p, method=name) for name in names for p in points if p.method == "tome"]
        return (*points, *own)

    trials, winners, known, probes = map(more, (result.trials, result.winners, result.known, result.probes))
    return dataclasses.replace(result, trials=trials, winners=winners, known=known, probes=probes)


@pytest.fixture(scope="module")
def crowded(result: Result) -> Pictures:
    whole = many_methods(result)
    return pictures(whole, rows(whole))


def test_everything_has_room_with_twelve_methods(crowded: Pictures) -> None:
    """No text is outside the figure, the plot keeps its height, and no titles of two panels meet."""
    assert crowded.sensitivity is not None
    for size in (WIDE_HISTORY, NARROW_HISTORY):
        figure = drawings.history_figure(crowded.history, size)
        inside(figure)
        assert figure.axes[0].get_window_extent().height / figure.dpi > 2.0
        rings = {line.get_markersize() for line in figure.axes[0].lines if line.get_markerfacecolor() == "none"}
        assert len(rings) == 1
    inside(drawings.front_figure(crowded.front))
    inside(drawings.evaluations_figure(crowded.evaluations))
    for wide in (True, False):
        figure = drawings.sensitivity_figure(crowded.sensitivity, wide)
        inside(figure)
        names = {canvas.name_lines(panel.label, 100).split()[0] for panel in crowded.sensitivity.panels}
        titles = [
            t.get_window_extent() for axes in figure.axes for t in axes.findobj(Text) if t.get_text().split("\n")[0].split(" ")[0] in names
        ]
        assert len(titles) >= 12
        assert not any(a.overlaps(b) for i, a in enumerate(titles) for b in titles[:i])
        top = max(d.high for panel in crowded.sensitivity.panels for d in panel.damages)
        assert all(axes.get_ylim()[1] >= top for axes in figure.axes if axes.get_visible())


def inside(figure: Figure) -> None:
    """Every text but those at the axes, of which some are not drawn."""
    figure.draw_without_rendering()
    ticks = {id(label) for tick in figure.findobj(Tick) for label in (tick.label1, tick.label2)}
    for text in figure.findobj(Text):
        box = text.get_window_extent()
        if text.get_text() and text.get_visible() and id(text) not in ticks:
            assert box.x0 >= -1, text.get_text()
            assert box.x1 <= figure.bbox.width + 1, text.get_text()
            assert box.y0 >= -1, text.get_text()


def test_drawing_changes_no_setting(drawn: Pictures) -> None:
    before = dict(matplotlib.rcParams)
    for figure in drawings.figures(drawn).values():
        drawings.svg_text(figure)
    assert dict(matplotlib.rcParams) == before
