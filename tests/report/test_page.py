"""The page: complete, self-contained, escaped, and rendered by a real browser where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tldr_search.report import write_report
from tldr_search.report.rows import at_budget, rows
from tldr_search.study.result import Point, Result

Build = Callable[..., Result]
Winner = Callable[[Result, str], Point]
Removal = Callable[[Result], dict[str, tuple[int, ...]]]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def paths(result: Result, removed: dict[str, tuple[int, ...]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    return write_report(result, tmp_path_factory.mktemp("run") / "report")


def write_page(result: Result, removal: Removal, directory: Path) -> str:
    return write_report(result, directory)[0].read_text(encoding="utf-8")


def flat(page: str) -> str:
    return re.sub(r"\s+", " ", page.replace("<wbr>", ""))


class Links(HTMLParser):
    """Everything that a browser would load, and the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "srcset", "data", "action"}]


def test_every_file_is_there(paths: tuple[Path, ...]) -> None:
    names = ["report.html", "pareto.png", "pareto.svg", "schedules.png", "front.csv", "front.json", "best.yaml"]
    assert [p.name for p in paths] == names
    assert all(p.stat().st_size > 500 for p in paths)


def test_loads_nothing(paths: tuple[Path, ...]) -> None:
    page = paths[0].read_text(encoding="utf-8")
    links = Links()
    links.feed(page)
    assert all(link.startswith(("#", "data:")) for link in links.found)
    assert "script" not in links.tags
    assert "@import" not in page
    assert all(u.startswith("#") for u in re.findall(r"url\(([^)]*)\)", page))


def test_drawings_share_no_identifier(paths: tuple[Path, ...]) -> None:
    ids = re.findall(r'\bid="([^"]+)"', paths[0].read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids))


def test_colours_follow_the_scheme(paths: tuple[Path, ...]) -> None:
    page = paths[0].read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in page
    drawings = page[page.index("<svg") : page.rindex("</svg>")]
    assert "var(--ink)" in drawings
    assert not re.search(r"#[0-9a-f]{6}\b", drawings)


def test_says_what_was_found_and_how(result: Result, winner: Winner, paths: tuple[Path, ...]) -> None:
    page = flat(paths[0].read_text(encoding="utf-8"))
    best = at_budget(rows(result), 180.0)[0].point
    assert "quality measured on umt-mini, cost counted for umt-b" in page
    assert f"{best.score:.1f}" in page
    assert "78 schedules were tried on the search split (200 samples) at 6 cost levels" in page
    assert "6 of them were stopped early" in page
    assert "78 trials (6 of them stopped early), 73.5 passes over the videos of the search split" in page
    assert "The schedule is the constant r of ToMe." in page
    assert "which the search never saw" in page
    assert "too good" not in page
    assert "<h2>Notes</h2>" not in page
    assert ",".join(map(str, winner(result, "vid-tldr").schedule[:3])) in page
    assert "python -m tldr_search study --budget 180gflops" in page
    assert "torch 2.13.0" in page
    assert "3 min 4 s" in page
    assert "The method was chosen on the search split" in page
    assert page.count(", Holm over 18 winners") >= 3
    assert page.count(", Holm over 3 methods") == 1  # methods at equal cost
    assert page.count(", Holm over 2 methods") == 1  # the best against the next best


def test_escapes(build: Build, removal: Removal, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>&\"'"
    page = write_page(build(name=hostile, benchmark=hostile, report_split=hostile), removal, tmp_path)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_one_method_without_baselines(build: Build, removal: Removal, tmp_path: Path) -> None:
    page = flat(write_page(build(("vid-tldr",), baselines=False, model="umt-b", known=()), removal, tmp_path))
    assert "random" not in page.lower()
    assert "next best" not in page
    assert "Holm over 6 winners" in page
    assert "methods</p>" not in page
    assert "constant r" not in page
    assert "Methods at equal cost" not in page
    assert "The method was chosen" not in page
    assert "What these numbers mean" not in page


def test_same_split_is_said_before_anything_else(build: Build, removal: Removal, tmp_path: Path) -> None:
    page = flat(write_page(build(("tome",), same_split=True, notes=("one", "<two>")), removal, tmp_path))
    assert page.index('class="warning"') < page.index("<h1>")
    assert "Chosen and measured on the same clips: scores are too good." in page
    assert "never saw" not in page
    assert "another set" not in page
    drawn = page[page.index("<svg") : page.rindex("</svg>")]
    assert drawn.count("scores are too good") == 2
    assert "var(--warning)" in drawn
    assert page.index("<li>one</li> <li>&lt;two&gt;</li>") > page.index("Everything measured")


def test_without_labels_and_in_milliseconds(tmp_path: Path, unlabelled: Result, removed: dict[str, tuple[int, ...]]) -> None:
    page = flat(write_report(unlabelled, tmp_path)[0].read_text(encoding="utf-8"))
    headline = page[page.index("<h1>") : page.index("</h1>")]
    assert "At 18 ms" in headline
    assert "agreement with the unreduced model" in headline
    assert "below" not in headline
    assert "of the 30.3 ms of the unreduced umt-b" in page
    assert "scores 100&nbsp;% by definition" in page
    assert "ms per clip (umt-b, measured)" in page
    assert "<th>ms</th><th>GFLOPs</th>" in page


def test_no_loss(build: Build, winner: Winner, removal: Removal, tmp_path: Path) -> None:
    result = build(("tome",))
    page = flat(write_page(build(("tome",), base=winner(result, "tome")), removal, tmp_path))
    assert "level with the unreduced model" in page


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_in_a_browser(paths: tuple[Path, ...], tmp_path: Path) -> None:
    assert BROWSER is not None
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--enable-logging=stderr"]
    command = [BROWSER, *flags, f"--user-data-dir={tmp_path}", "--dump-dom", paths[0].as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "At 180 GFLOPs, " in done.stdout
    assert done.stdout.count("<svg") == 2
    assert "CONSOLE" not in done.stderr
