"""The page of several runs in a real browser: its marks, switches and buttons answer. Skipped where there is no browser."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tldr_search.report.several import Comparison, Run, compare, picture
from tldr_search.report.several.page import page
from tldr_search.report.words import schedule_text
from tldr_search.study.result import Result

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

Build = Callable[..., Result]
LONG = "real_data_in_a_directory_with_a_name_longer_than_a_phone_is_wide"


@pytest.fixture(scope="module")
def comparison(build: Build) -> Comparison:
    """Two runs in one panel, a third in another, where something is published."""
    real = build(model="umt-b", cost_model="umt-b", benchmark="msrvtt")
    results = {"a": build(), "b": build(budget=155.0, baselines=()), LONG: real}
    lower = dataclasses.replace(results["b"], winners=tuple(dataclasses.replace(w, score=w.score - 8) for w in results["b"].winners))
    return compare([Run(label, Path(label), result, {}) for label, result in {**results, "b": lower}.items()])


@pytest.fixture(scope="module")
def opened(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page; what it throws, says on the console or asks the network for fails the test."""
    path, trouble = tmp_path_factory.mktemp("several") / "comparison.html", []
    path.write_text(page(comparison, picture.multiples(comparison)), encoding="utf-8")
    with playwright.sync_playwright() as found:
        chromium = found.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = chromium.new_page(viewport={"width": 1280, "height": 900})
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("request", lambda request: trouble.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
        tab.goto(path.as_uri())
        yield tab
        chromium.close()
    assert trouble == []


def pointed_at(tab: Any, gid: str) -> str:
    """What is said of a mark under the pointer."""
    mark = tab.locator(f"#wide-{gid}")
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return str(tab.locator(".drawing.wide .tip").inner_text())


def test_a_mark_tells_its_run_schedule_and_interval(opened: Any, comparison: Comparison) -> None:
    dot = comparison.panels[0].series[1].line("vid-tldr", True)[0]
    said = pointed_at(opened, "m0-sb-0-dot-0")
    assert said.startswith("vid-TLDR, b\n" + schedule_text(dot.schedules[0]))
    assert f"[{dot.low:.1f}, {dot.high:.1f}]" in said
    assert "not measured here" in pointed_at(opened, "published-1-0")


def test_switches_take_a_run_or_a_method_away(opened: Any) -> None:
    for switch, gone, kept in (("sb", "m0-sb-0-line", "m0-sa-0-line"), ("m0", "m0-sa-0-line", "m1-sb-0-line")):
        box = opened.locator(f"[data-switch={switch}] input")
        box.uncheck()
        assert not opened.locator(f"#wide-{gone}").is_visible()
        assert opened.locator(f"#wide-{kept}").is_visible()
        box.check()
        assert opened.locator(f"#wide-{gone}").is_visible()
    published = opened.locator("[data-switch=published] input")
    published.uncheck()
    assert not opened.locator("#wide-published-1-0").is_visible()
    assert not opened.locator("#wide-published-1-ring-0").is_visible()
    published.check()


def test_says_how_p_values_were_corrected_and_what_the_time_is(opened: Any) -> None:
    said = opened.locator("body").inner_text()
    assert "Holm over all searched schedules of a run, each method at each cost, and, separately, over what was not searched" in said
    assert "over the schedules of the run" not in said
    assert "Evaluation time: summed over all evaluations and workers of a run." in said
    assert "cost of umt-b on demo" not in said  # the cost is not of the benchmark


def test_every_schedule_has_a_button_that_copies_it(opened: Any) -> None:
    places, buttons = opened.locator("[data-copy]"), opened.locator("[data-copy] .copy")
    assert places.count() == buttons.count() > 6
    schedule = str(places.first.get_attribute("data-copy"))
    opened.evaluate(
        "window.heard = []; const said = document.getElementById('said');"
        "new MutationObserver(() => window.heard.push(said.textContent)).observe(said, {childList: true})"
    )
    buttons.first.click()
    opened.wait_for_function("text => window.heard.some((heard) => heard.includes(text))", arg=schedule)


def test_no_box_is_wider_than_a_phone(opened: Any) -> None:
    opened.set_viewport_size({"width": 360, "height": 740})
    assert opened.evaluate("document.documentElement.scrollWidth") == 360
    assert opened.locator(".drawing.narrow").is_visible()
    opened.set_viewport_size({"width": 1280, "height": 900})
