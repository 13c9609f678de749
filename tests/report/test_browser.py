"""The page in a real browser: what it shows, what it answers, what it never does. Skipped where there is no browser."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from tldr_search.report import html
from tldr_search.report.pictures import Pictures, pictures
from tldr_search.report.rows import rows
from tldr_search.report.speed import Speed, Timed
from tldr_search.study.result import Point, Result

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

Build = Callable[..., Result]
Open = Callable[..., Any]
HOSTILE = "</script><script>window.hit=1</script><img src=x onerror=window.hit=2>\"><svg onload=window.hit=3>' onfocus='window.hit=4"
PHONE = {"viewport": {"width": 360, "height": 740}}
COLOURS = 500
"""A drawing with text has more different colours than this, a blank or broken one far fewer."""
AUDIT = """
(() => {
  const all = [...document.querySelectorAll('*')];
  const labels = (e) => [...(e.labels ?? [])].map((label) => label.innerText.trim()).join('');
  const own = (e) => e.matches('button, a, summary') && e.textContent.trim();
  const name = (e) => e.getAttribute('aria-label') || e.getAttribute('alt') || labels(e) || own(e);
  const roles = '[role=img], [role=button], [role=region], [role=group]';
  const need = all.filter((e) => e.matches(`${roles}, img, button, input, a[href], summary, nav`));
  const bare = all.filter((e) => e.matches('svg') && !e.closest('[role=img], [role=group], [aria-hidden=true]'));
  const ids = all.map((e) => e.id).filter(Boolean);
  return JSON.stringify({
    unnamed: [...need.filter((e) => !name(e)), ...bare].map((e) => e.outerHTML.slice(0, 120)),
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    levels: [...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1])),
    landmarks: { main: document.querySelectorAll('main').length, nav: document.querySelectorAll('nav').length },
    lang: document.documentElement.lang,
  });
})()
"""
"""What an eye for accessibility looks at, by script."""


LONG = "tome:metric=features:sorted=on:proportional=off"
WIDER_THAN_ITS_CELL = """
[...document.querySelectorAll('.heat th, .heat td')].filter((cell) => {
  const text = document.createRange();
  text.selectNodeContents(cell);
  const [inner, outer] = [text.getBoundingClientRect(), cell.getBoundingClientRect()];
  return inner.left < outer.left - 0.5 || inner.right > outer.right + 0.5;
}).map((cell) => cell.textContent)
"""


class Photo(NamedTuple):
    """Stands for a picture of what was removed."""

    title: str
    caption: str
    alt: str
    png: bytes


def photo(text: str = "clip 1") -> Photo:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 400, 3), dtype=np.uint8)).save(buffer, "PNG")
    return Photo(f"Tokens of {text}", f"Caption of {text}", f"Alternative of {text}", buffer.getvalue())


def speed(device: str = "a CPU with 2 threads") -> Speed:
    base = Timed("none", (), 303.34, 1.0, 812.0, 800.0, 830.0, 2.46, 410.0, 1.0)
    fast = Timed("vid-tldr", (600, 200, 100), 180.0, 1.69, 520.0, 510.0, 531.0, 3.85, 300.0, 1.56)
    return Speed("umt-b", {}, device, "2.13.0", "fp32", 2, 5, (base, fast))


def write(result: Result, path: Path, extras: html.Extras) -> Path:
    found = rows(result)
    path.write_text(html.page(result, found, pictures(result, found), extras), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def path(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(result, tmp_path_factory.mktemp("page") / "report.html", html.Extras(speed(), (photo(),)))


@pytest.fixture(scope="module")
def drawn(result: Result) -> Pictures:
    return pictures(result, rows(result))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as found:
        chromium = found.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens a page; whatever it says on the console, throws, or asks the network for fails the test."""
    contexts, trouble = [], []

    def visit_page(path: Path, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: trouble.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
        page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))
        page.goto(path.as_uri())
        return page

    yield visit_page
    for context in contexts:
        context.close()
    assert trouble == []


def winner(result: Result, method: str, budget: float) -> Point:
    return next(p for p in result.winners if (p.method, p.budget) == (method, budget))


def centre(page: Any, selector: str) -> tuple[float, float]:
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tip(page: Any) -> Any:
    return page.locator(".drawing.wide .tip")


def focused_id(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id"))


def hear(page: Any) -> None:
    """Keeps what the page says, which is gone after a moment."""
    page.evaluate(
        "window.heard = []; const said = document.getElementById('said');"
        "new MutationObserver(() => window.heard.push(said.textContent)).observe(said, {childList: true})"
    )


def wait_to_hear(page: Any, beginning: str) -> None:
    page.wait_for_function("(beginning) => window.heard.some((text) => text.startsWith(beginning))", arg=beginning)


def stub_clipboard(page: Any) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text; }}})")


def is_drawn(page: Any, selector: str) -> bool:
    """A level stroke has no height, for which playwright takes it as hidden."""
    return bool(page.evaluate("(selector) => document.querySelector(selector).getClientRects().length", selector))


def num_colours(png: bytes) -> int:
    return len(np.unique(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).reshape(-1, 3), axis=0))


def test_everything_is_on_the_page(visit: Open, path: Path) -> None:
    page = visit(path)
    headings = page.locator("h2").all_inner_texts()
    for part in ("Accuracy kept", "The best schedules", "Methods at equal cost", "Where tokens are removed", "What was removed",
                 "Measured speed", "How the search went", "Cost, layer by layer", "Everything measured", "Repeat it"):  # fmt: skip
        assert any(part in heading for heading in headings), part
    assert page.locator("section#search .drawing.wide svg").count() == 3
    assert "Knee:" in page.inner_text("#front")
    assert "a CPU with 2 threads" in page.inner_text("#speed")
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth === 400)")


def test_pointer_shows_what_a_mark_is(visit: Open, path: Path, result: Result) -> None:
    page = visit(path)
    assert not tip(page).is_visible()
    x, y = centre(page, "#wide-m1-dot-3")  # ToMe, the fourth of its rising costs
    page.mouse.move(x, y)
    point = winner(result, "tome", 180.0)
    text = tip(page).inner_text()
    assert text.splitlines()[0] == "ToMe"
    assert ",".join(str(r) for r in point.schedule if r) in text
    assert f"{point.gflops:.0f} GFLOPs, {100 * point.gflops / 303.34:.1f}\N{NO-BREAK SPACE}% of the unreduced model" in text
    row = next(r for r in rows(result) if r.point is point)
    assert f"{point.score:.1f}\N{NO-BREAK SPACE}% [{row.ci95[0]:.1f}, {row.ci95[1]:.1f}]" in text
    assert "300 samples of the report split" in text
    page.mouse.move(x, y + 300)
    assert not tip(page).is_visible()


def test_near_is_enough_and_far_is_not(visit: Open, path: Path) -> None:
    page = visit(path)
    x, y = centre(page, "#wide-base-dot")
    page.mouse.move(x + 9, y + 9)
    assert tip(page).inner_text().startswith("unreduced model")
    page.mouse.move(x + 16, y + 16)
    assert not tip(page).is_visible()


def test_tooltip_stays_on_the_page(visit: Open, path: Path) -> None:
    page = visit(path, **PHONE)
    for mark in ("#narrow-base-dot", "#narrow-m0-dot-0"):
        page.mouse.move(*centre(page, mark))
        box = page.locator(".drawing.narrow .tip").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["y"] >= 0


def test_click_copies_the_schedule(visit: Open, path: Path, result: Result) -> None:
    page = visit(path)
    stub_clipboard(page)
    hear(page)
    page.mouse.click(*centre(page, "#wide-m0-dot-3"))
    schedule = ",".join(str(r) for r in winner(result, "vid-tldr", 180.0).schedule if r)
    wait_to_hear(page, f"copied {schedule}")
    assert page.evaluate("window.copied") == schedule
    assert page.locator("#said").get_attribute("role") == "status"


def test_copies_without_a_clipboard_interface(visit: Open, path: Path, result: Result) -> None:
    page = visit(path)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.evaluate("document.addEventListener('copy', () => { window.copied = document.activeElement.value; })")
    hear(page)
    page.mouse.click(*centre(page, "#wide-m2-dot-3"))
    wait_to_hear(page, "copied ")
    assert page.evaluate("window.copied") == ",".join(map(str, winner(result, "sta", 180.0).schedule))
    assert page.locator("textarea").count() == 0


def test_says_when_nothing_can_be_copied(visit: Open, path: Path) -> None:
    page = visit(path)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false")
    hear(page)
    page.locator(".lede .copy").click()
    wait_to_hear(page, "this browser does not let a page copy")


def test_first_tap_shows_and_second_copies(visit: Open, path: Path) -> None:
    page = visit(path, **PHONE, has_touch=True, is_mobile=True)
    stub_clipboard(page)
    x, y = centre(page, "#narrow-m0-dot-3")
    page.touchscreen.tap(x, y)
    page.locator(".drawing.narrow .tip").wait_for()
    assert page.locator(".drawing.narrow .tip em").inner_text() == "tap again to copy the schedule"
    assert page.evaluate("window.copied") is None
    page.touchscreen.tap(x, y)
    page.wait_for_function("window.copied !== undefined")
    page.keyboard.press("ArrowRight")
    assert page.locator(".drawing.narrow .tip em").inner_text() == "click or Enter copies the schedule"


def test_switch_hides_one_method_and_brings_it_back(visit: Open, path: Path) -> None:
    page = visit(path)
    visible = "[...document.querySelectorAll('.drawing.wide g[id]')].filter((g) => g.getClientRects().length).map((g) => g.id)"
    before = set(page.evaluate(visible))
    own = {i for i in before if i.startswith("wide-m1-")}
    assert {re.sub(r"wide-m1-([a-z]+).*", r"\1", i) for i in own} == {"line", "dot", "interval", "trial", "known"}
    at = centre(page, "#wide-m1-dot-1")
    box = page.get_by_label("ToMe", exact=True)
    box.uncheck()
    after = set(page.evaluate(visible))
    knee = {i for i in before - after if i.startswith("wide-knee")}
    assert before - after - knee == own
    page.mouse.move(*at)
    assert "ToMe" not in tip(page).inner_text() if tip(page).is_visible() else True
    box.check()
    assert set(page.evaluate(visible)) == before


@pytest.mark.parametrize("label, kind", [("trials on the", "trial"), ("known shapes", "known")])
def test_switch_of_a_kind(visit: Open, path: Path, label: str, kind: str) -> None:
    page = visit(path)
    one, dot = f"#wide-m0-{kind}-0", "#wide-m0-dot-0"
    assert is_drawn(page, one)
    page.get_by_label(label).uncheck()
    assert not is_drawn(page, one)
    assert is_drawn(page, dot)
    page.get_by_label("vid-TLDR", exact=True).uncheck()
    page.get_by_label(label).check()
    assert not is_drawn(page, one)  # its method is off


def test_switch_of_what_papers_print(visit: Open, build: Build, tmp_path: Path) -> None:
    result = build(model="umt-b", cost_model="umt-b", benchmark="msrvtt")
    page = visit(write(result, tmp_path / "published.html", html.Extras()))
    count = "[...document.querySelectorAll('.wide g[id^=wide-published]')].filter((g) => g.getClientRects().length).length"
    assert page.evaluate(count) >= 2  # at least one value and its ring
    page.mouse.move(*centre(page, "#wide-published-0"))
    assert "not measured here" in tip(page).inner_text()
    page.get_by_label("ringed: published elsewhere").uncheck()
    assert page.evaluate(count) == 0


def test_keyboard_goes_everywhere(visit: Open, path: Path, result: Result) -> None:
    page = visit(path)
    stub_clipboard(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused_id(page) == "wide-m0-dot-0"  # one stop for the whole chart
    assert tip(page).is_visible()
    assert page.locator(".drawing.wide .ring").is_visible()
    assert "vid-TLDR; " in page.locator("#wide-m0-dot-0").get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    assert focused_id(page) == "wide-m0-dot-1"
    page.keyboard.press("End")
    assert focused_id(page) == "wide-m0-dot-5"
    page.keyboard.press("ArrowRight")
    assert focused_id(page) == "wide-m0-dot-5"
    page.keyboard.press("ArrowUp")
    assert focused_id(page) == "wide-base-dot"  # the last row is above the first
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused_id(page) == "wide-m1-dot-0"
    page.keyboard.press("Enter")
    page.wait_for_function("window.copied !== undefined")
    assert page.evaluate("window.copied") == ",".join(str(r) for r in winner(result, "tome", 105.0).schedule if r)
    page.keyboard.press("Escape")
    assert not tip(page).is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "checkbox"
    page.keyboard.press("Shift+Tab")
    assert focused_id(page) == "wide-m1-dot-0"  # where it was left


def test_keyboard_skips_what_is_switched_off(visit: Open, path: Path) -> None:
    page = visit(path)
    page.get_by_label("vid-TLDR", exact=True).uncheck()
    page.get_by_label("known shapes").uncheck()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused_id(page) == "wide-m1-dot-0"
    page.keyboard.press("ArrowDown")
    assert focused_id(page) == "wide-m2-dot-0"


def test_tables_have_copy_buttons(visit: Open, path: Path, result: Result) -> None:
    page = visit(path)
    stub_clipboard(page)
    schedule = ",".join(str(r) for r in winner(result, "tome", 180.0).schedule if r)
    button = page.locator("#best").get_by_role("button", name=f"copy {schedule}")
    button.first.click()
    page.wait_for_function("window.copied !== undefined")
    assert page.evaluate("window.copied") == schedule
    page.locator(".command").get_by_role("button").click()
    page.wait_for_function("window.copied.startsWith('python')")
    assert page.evaluate("window.copied") == result.command


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_looks_like_something(visit: Open, path: Path, options: dict[str, Any]) -> None:
    page = visit(path, **options)
    size = "narrow" if "viewport" in options else "wide"
    drawing = page.locator(f"#front-figure .drawing.{size}")
    assert num_colours(drawing.screenshot()) > COLOURS
    assert num_colours(page.screenshot()) > 100
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_schemes_have_their_paper(visit: Open, path: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    assert visit(path).evaluate(paper) == "rgb(255, 255, 255)"
    page = visit(path, color_scheme="dark")
    assert page.evaluate(paper) == "rgb(21, 24, 28)"
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"


def test_print_shows_everything_that_is_folded(visit: Open, path: Path) -> None:
    page = visit(path)
    inside = page.locator("#all table")
    assert not inside.is_visible()
    page.emulate_media(media="print")
    assert inside.is_visible()
    assert page.locator("#layers table").first.is_visible()
    assert not page.locator(".legend input").first.is_visible()
    assert not page.locator(".copy").first.is_visible()
    assert not page.locator("nav").is_visible()
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 3
    page.emulate_media(media="screen")
    assert not inside.is_visible()


@pytest.fixture(scope="module")
def crowded(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 layers, and a method with a long name."""

    def renamed(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(dataclasses.replace(p, method=LONG) if p.method == "tome" else p for p in points)

    plain = build(model="umt-l", cost_model="umt-l")
    points = {name: renamed(getattr(plain, name)) for name in ("winners", "trials", "known", "probes")}
    return write(dataclasses.replace(plain, **points), tmp_path_factory.mktemp("crowded") / "report.html", html.Extras())


def test_many_layers_and_long_names_have_room_on_a_wide_screen(visit: Open, crowded: Path) -> None:
    page = visit(crowded)
    page.evaluate("document.querySelector('#removed details').open = true")
    for box in page.locator("#removed .scroll, #best .scroll, #equal .scroll").all():
        assert box.evaluate("(box) => box.scrollWidth <= box.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_long_names_have_room_on_a_phone(visit: Open, crowded: Path) -> None:
    page = visit(crowded, **PHONE)
    assert page.locator("#front-figure .legend").first.inner_text().count("proportional=off") == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_many_layers_and_long_names_have_room_on_paper(visit: Open, crowded: Path) -> None:
    """In a window as wide as what A4 leaves between its margins: no text is wider than its cell, so none is printed over another."""
    page = visit(crowded, viewport={"width": 680, "height": 960})
    page.emulate_media(media="print")
    assert page.locator("#removed details table").is_visible()
    assert page.evaluate(WIDER_THAN_ITS_CELL) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_print_unfolds_without_scripts(visit: Open, path: Path) -> None:
    page = visit(path, java_script_enabled=False)
    page.emulate_media(media="print")
    assert page.locator("#all table").is_visible()


def test_without_scripts_it_is_a_picture_with_a_legend(visit: Open, path: Path) -> None:
    page = visit(path, java_script_enabled=False)
    assert page.locator("#front-figure .drawing.wide svg").is_visible()
    assert page.locator("#front-figure .drawing.wide").get_attribute("role") == "img"
    assert page.locator(".legend").first.inner_text().split("\n")[:3] == ["vid-TLDR", "ToMe", "STA"]
    assert page.locator("input, button").count() == 0
    assert page.locator("#best table").is_visible()


def test_nothing_in_a_result_is_run(visit: Open, build: Build, tmp_path: Path) -> None:
    plain = build()
    text = {"name": HOSTILE, "benchmark": HOSTILE, "search_split": HOSTILE, "report_split": HOSTILE, "command": HOSTILE}
    known = tuple(dataclasses.replace(p, origin=HOSTILE) if p.origin == "decreasing" else p for p in plain.known)
    result = build(**text, notes=(HOSTILE,), known=known, versions={HOSTILE: HOSTILE})
    page = visit(write(result, tmp_path / "hostile.html", html.Extras(speed(HOSTILE), (photo(HOSTILE),))))
    page.mouse.move(*centre(page, "#wide-m0-dot-3"))
    page.mouse.click(*centre(page, "#wide-m0-dot-3"))
    page.evaluate("for (const mark of document.querySelectorAll('.drawing.wide g[tabindex]')) mark.focus()")
    for button in page.locator(".copy").all()[:3]:
        button.click()
    assert page.evaluate("window.hit") is None
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 1
    assert page.evaluate("[...document.querySelectorAll('*')].every((e) => [...e.attributes].every((a) => !a.name.startsWith('on')))")
    assert HOSTILE in page.inner_text("#notes")
    assert HOSTILE in page.inner_text(".command")
    assert HOSTILE in page.inner_text("#speed")
    assert HOSTILE in page.inner_text("#shown")
    assert page.locator("#shown img").get_attribute("alt") == f"Alternative of {HOSTILE}"
    assert HOSTILE in page.title()


def test_policy_stops_what_was_not_there(browser: Any, path: Path, tmp_path: Path) -> None:
    foreign = "<script>window.hit = 1</script><img src='https://example.invalid/a.png' onerror='window.hit = 2'></main>"
    (tmp_path / "changed.html").write_text(path.read_text(encoding="utf-8").replace("</main>", foreign), encoding="utf-8")
    with browser.new_context() as context:
        said, stopped, page = [], [], context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
        page.goto((tmp_path / "changed.html").as_uri())
        assert page.evaluate("window.hit") is None
        assert any("Content Security Policy" in text for text in said)
        assert stopped == [("https://example.invalid/a.png", "csp")]
        assert page.locator(".legend input").count() > 0  # our own script runs


def test_every_part_has_a_name_and_its_place(visit: Open, path: Path) -> None:
    page = visit(path)
    found = json.loads(page.evaluate(AUDIT))
    assert found["unnamed"] == []
    assert found["twice"] == []
    levels = found["levels"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))
    assert found["landmarks"] == {"main": 1, "nav": 1}
    assert found["lang"] == "en"
