"""The page: complete, self-contained, escaped. What it does in a browser is tested beside this."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from tldr_search.report import html
from tldr_search.report.pictures import pictures
from tldr_search.report.rows import at_budget, rows
from tldr_search.report.speed import Speed, Timed
from tldr_search.report.words import NBSP
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
Winner = Callable[[Result, str], Point]
KILOBYTES = 700
"""For a page with three methods and 78 trials, without photos."""


class Photo(NamedTuple):
    """Stands for a picture of what was removed."""

    title: str
    caption: str
    alt: str
    png: bytes


@pytest.fixture(scope="module")
def default_page(result: Result) -> str:
    return page_of(result)


def noise(channels: int) -> bytes:
    """A PNG."""
    pixels = np.random.default_rng(0).integers(0, 4, (20, 30, channels), dtype=np.uint8) * 60 + 75
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def page_of(result: Result, extras: html.Extras | None = None) -> str:
    found = rows(result)
    return html.page(result, found, pictures(result, found), extras or html.Extras())


def flat(page: str) -> str:
    """Without what only says where lines may break."""
    whole = re.sub(r'<span class="(?:nb|spec)">([^<]*)</span>', r"\1", page.replace("<wbr>", ""))
    return re.sub(r"\s+", " ", whole.replace(NBSP, " ").replace("&nbsp;", " "))


def drawings(page: str) -> list[str]:
    return re.findall(r"<svg xmlns.*?</svg>", page, flags=re.DOTALL)


class Links(HTMLParser):
    """Everything that a browser would load, and the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "srcset", "data", "action"}]


def test_loads_nothing(default_page: str) -> None:
    links = Links()
    links.feed(default_page)
    assert all(link.startswith(("#", "data:")) for link in links.found)
    assert not links.tags & {"iframe", "object", "embed", "base", "form", "audio", "video"}
    style = default_page[default_page.index("<style>") : default_page.index("</style>")]
    assert "@import" not in style
    assert "url(" not in style
    assert all(u.startswith("#") for drawing in drawings(default_page) for u in re.findall(r"url\(([^)]*)\)", drawing))


def test_policy_allows_the_one_script_by_its_hash(default_page: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", default_page, flags=re.DOTALL)
    assert len(scripts) == 1
    policy = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', default_page)[0].replace("&#39;", "'")
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "http" not in policy
    assert default_page.index("Content-Security-Policy") < default_page.index("<style>")


def test_drawings_share_no_identifier(default_page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', default_page)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', default_page))
    assert used <= set(ids)


def test_colours_follow_the_scheme(default_page: str) -> None:
    assert "prefers-color-scheme: dark" in default_page
    found = drawings(default_page)
    assert len(found) == 8  # front, history, sensitivity, evaluations in two sizes
    assert "var(--ink)" in found[0]
    assert not any(re.search(r"#[0-9a-f]{6}\b", drawing) for drawing in found)


def test_is_light(default_page: str) -> None:
    assert len(default_page.encode()) < 1000 * KILOBYTES


def test_says_what_was_found_and_how(result: Result, winner: Winner, default_page: str) -> None:
    page = flat(default_page)
    best = at_budget(rows(result), 180.0)[0].point
    assert "quality measured on umt-mini, cost counted for umt-b" in page
    assert f"{best.score:.1f}" in page
    assert "78 schedules were tried on the search split (200 videos) at 6 cost levels" in page
    assert "6 of them were stopped early" in page
    assert "78 trials (6 of them stopped early), 73.5 passes over the videos of the search split" in page
    assert "; it is constant r, brought to this cost." in page
    assert "and 27 known shapes were then measured on the report split (300 videos), which the search never saw" in page
    assert "The sampler decides which schedule is best." in page
    assert "nobody searched" not in page
    assert "3 min 4 s, summed over all workers" in page
    assert "its r as even over the layers as that cost and at most half of a layer’s tokens allow" in page
    assert "known shapes are not counted" in page
    assert ", Holm over 18 winners (methods × costs; vs constant r: 17) and, separately, over 6 baselines" in page
    assert "too good" not in page
    assert "<h2>Notes</h2>" not in page
    assert "<h2>Measured speed</h2>" not in page
    assert "<h2>What was removed</h2>" not in page
    assert "<h2>Published elsewhere</h2>" not in page
    assert ",".join(map(str, winner(result, "vid-tldr").schedule[:3])) in page
    assert "python -m tldr_search study --budget 180gflops" in page
    assert "torch 2.13.0" in page
    assert "3 min 4 s" in page
    assert "Method and schedule were chosen on the search split" in page
    lede = page[page.index('<p class="lede">') : page.index("<dl")]
    assert "Holm" not in lede
    assert "interval" not in lede
    assert page.count(", Holm over 2 methods") == 2  # methods at equal cost, one of which is its best shape; the best against the next
    assert "An interval without width" not in page


def test_escapes(build: Build) -> None:
    hostile = "<script>alert(1)</script>&\"'"
    page = page_of(build(name=hostile, benchmark=hostile, report_split=hostile))
    assert re.findall("<script[^>]*>", page) == ['<script type="application/json" id="front-data">', "<script>"]
    data = page[page.index('id="front-data">') + len('id="front-data">') : page.index("</script>")]
    assert hostile in json.loads(data)["marks"]["m0-dot-0"]["lines"][2]
    assert "&lt;script&gt;" in page


def test_one_method_without_baselines(build: Build) -> None:
    page = flat(page_of(build(("vid-tldr",), baselines=False, model="umt-b", known=())))
    assert "random" not in page.lower()
    assert "next best" not in page
    assert "Holm over 6 winners" in page
    assert "methods</p>" not in page
    assert "constant r" not in page[: page.index('id="front-data"')]  # beyond it, of trials
    assert "Methods at equal cost" not in page
    assert "were chosen" not in page
    assert "What these numbers mean" not in page


def test_same_split_is_said_before_anything_else(build: Build) -> None:
    page = flat(page_of(build(("tome",), same_split=True, notes=("one", "<two>"))))
    assert page.index('class="warning"') < page.index("<h1>")
    assert "Chosen and measured on the same clips: scores are too good." in page
    assert "never saw" not in page
    assert "another set" not in page
    warned = [drawing for drawing in drawings(page) if "scores are too good" in drawing]
    assert len(warned) == 2
    assert all("var(--warning)" in drawing for drawing in warned)
    assert page.index("<li>one</li> <li>&lt;two&gt;</li>") > page.index("Everything measured")


def test_without_labels_and_in_milliseconds(unlabelled: Result) -> None:
    page = flat(page_of(unlabelled))
    headline = page[page.index("<h1>") : page.index("</h1>")]
    assert "At 18 ms" in headline
    assert "agreement with the unreduced model" in headline
    assert "below" not in headline
    assert "of the 30.3 ms of the unreduced umt-b" in page
    assert "scores 100 % by definition" in page
    assert "quality measured on umt-mini, cost measured on umt-b" in page
    assert "cost counted" not in page
    assert "Quality measured on umt-mini, cost measured on umt-b." in page  # of the front
    assert "ms per clip (umt-b, measured)" in page
    assert '<th scope="col">ms</th><th scope="col">GFLOPs</th>' in page


def test_no_loss(build: Build, winner: Winner) -> None:
    result = build(("tome",))
    assert "level with the unreduced model" in flat(page_of(build(("tome",), base=winner(result, "tome"))))


def test_shows_what_was_measured_and_removed(result: Result) -> None:
    base = Timed("none", (), 303.34, 1.0, 812.0, 800.0, 830.0, 2.46, 410.0, 1.0)
    fast = Timed("vid-tldr", (600, 200, 100), 180.0, 1.69, 520.0, 510.0, 531.0, 3.85, None, 1.56)
    speed = Speed("umt-b", {}, "a <fast> GPU", "2.13.0", "bf16", 8, 5, (base, fast))
    photo = Photo("Tokens of a<b>.mp4", "Caption & more", 'Words "instead"', noise(3))
    page = flat(page_of(result, html.Extras(speed, (photo,))))
    assert "<h2>Measured speed</h2>" in page
    assert "a &lt;fast&gt; GPU" in page
    assert '520.0 <span class="range">[510.0, 531.0]</span>' in page
    assert "<h3>Tokens of a&lt;b&gt;.mp4</h3>" in page
    assert re.search('<img src="data:image/(png|webp);base64,', page)
    assert 'alt="Words &#34;instead&#34;"' in page
    assert "Caption &amp; more" in page
    assert "more picture" not in page
    page = flat(page_of(result, html.Extras(None, (photo, photo._replace(title="Maps"), photo._replace(title="Shares")))))
    more = page[page.index("<summary>2 more pictures</summary>") :]
    assert more.index("<h3>Maps</h3>") < more.index("<h3>Shares</h3>") < more.index("</details>")


def test_shows_every_layer_of_every_winner(result: Result, default_page: str) -> None:
    part = flat(default_page[default_page.index('id="layers"') :])
    for method in ("vid-TLDR", "ToMe", "STA"):
        table = part[part.index(f"<caption>{method}</caption>") :]
        table = table[: table.index("</table>")]
        assert table.count("<tr") == 1 + 1 + 12 + 1 + 1  # heads, patches, blocks, tail, all
        sums = [float(cells[-3]) for line in table.split("<tr")[2:] if (cells := re.findall(r"<td[^>]*>([^<]*)</td>", line))]
        assert sum(sums[:-1]) == pytest.approx(sums[-1], abs=0.02)  # in GFLOPs, each rounded to 0.001


def test_shows_what_papers_print(build: Build) -> None:
    page = flat(page_of(build(model="umt-b", cost_model="umt-b", benchmark="msrvtt")))
    assert "<h2>Published elsewhere</h2>" in page
    assert "UMT model zoo" in page
    assert 'data-switch="published"' in page
    assert "<h2>Beside what was published</h2>" not in page  # the objective itself is printed, so it is in the front


def test_schedules_at_every_cost(result: Result, default_page: str) -> None:
    part = default_page[default_page.index('class="heat many"') :]
    part = part[: part.index("</table>")]
    assert part.count('scope="rowgroup" rowspan="6"') == 3
    assert part.count('class="cell') == 3 * 6 * 12


def test_methods_are_in_one_order(result: Result, default_page: str) -> None:
    page = flat(default_page)
    best = at_budget(rows(result), 180.0)[0].point.method
    assert best == "tome"  # not the first of the study
    parts = [page[page.index(f'id="{name}"') :] for name in ("best", "equal", "removed", "layers")]
    starts = ['<th class="text" scope="row">'] * 3 + ["<caption>"]
    for part, start in zip(parts, starts, strict=True):
        places = [part.index(start + name) for name in ("vid-TLDR", "ToMe", "STA")]
        assert places == sorted(places)
    (first,) = re.findall(r'<tr class="winner first"> <th class="text" scope="row">([^<]*)</th>', page)
    assert first == "ToMe"


def test_costs_fall_from_line_to_line(default_page: str) -> None:
    page = flat(default_page)
    assert "<dt>Cost levels</dt><dd>260, 220, 180, 155, 130, 105 GFLOPs" in page
    ladder = page[page.index('class="heat many') :]
    levels = [float(x) for x in re.findall(r'<th class="text" scope="row">(\d+)</th>', ladder)]
    assert levels == [260, 220, 180, 155, 130, 105] * 3


def test_an_interval_without_width_is_explained(build: Build) -> None:
    result = build(("tome",))
    sure = tuple(dataclasses.replace(w, outcomes=(1.0,) * 300, score=100.0) for w in result.winners)
    assert "An interval without width means that all videos had the same outcome" in flat(
        page_of(dataclasses.replace(result, winners=sure))
    )


def test_the_run_is_named_once(build: Build) -> None:
    page = flat(page_of(build(("tome",), name="demo")))
    assert '<p class="kicker">tldr_search · demo</p>' in page
