"""Tables, pictures and the page of a study, made from its `Result` alone. Never imports torch, and matplotlib only when it draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search.files import no_empty, write_all
from tldr_search.report.screen import screen_table
from tldr_search.study.result import Result

if TYPE_CHECKING:
    from tldr_search.insight.record import Removal
    from tldr_search.report.pictures import Pictures
    from tldr_search.report.rows import Row
    from tldr_search.report.speed import Speed

__all__ = ["check_places", "main_paths", "screen_table", "write_report"]

TOP = ("report.html", "best.yaml", "front.*", "pareto.*")
"""Patterns of what is at the top of the directory."""
MAIN = ("report.html", "best.yaml", "front.csv", "pareto.png")
"""What a reader opens first, at the top of the directory."""
FIGURES, TABLES = "figures", "tables"
"""Folders for the rest."""
FIGURE_NAMES = ("published", "schedules", "schedules_by_cost", "history", "sensitivity", "evaluations")
FIGURE_FILES = tuple(f"{name}.{kind}" for name in (*FIGURE_NAMES, "removed-*") for kind in ("png", "svg", "pdf"))
TABLE_NAMES = ("winners", "equal_cost", "layers", "hypervolume", "speed", "published")
TABLE_FILES = tuple(f"{name}.{kind}" for name in TABLE_NAMES for kind in ("csv", "json", "md", "tex"))
"""What a report may have written there."""
EARLIER = ("schedules.png",)
"""What reports of earlier versions wrote at the top, and this one doesn't."""


def check_places(directory: Path) -> None:
    """`ValueError` if something in `directory` is in the place of a file or folder of the report."""
    for folder in (directory / FIGURES, directory / TABLES):
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"out: {folder} is no directory, as a report needs; another directory would be accepted")
    for folder, patterns in ((directory, TOP), (directory / FIGURES, FIGURE_FILES), (directory / TABLES, TABLE_FILES)):
        for path in (found for pattern in patterns for found in folder.glob(pattern)):
            if path.is_dir():
                raise ValueError(f"out: {path} is a directory in the place of a file; another directory would be accepted")


def write_report(result: Result, directory: Path, *, removal: Removal | None = None, speed: Speed | None = None) -> tuple[Path, ...]:
    """Writes every file of the report into `directory` and returns their paths, the page first.

    `removal`: what the winners removed from a few clips; `speed`: what was measured of them. Either is shown only if it is given.
    Files of an earlier report that this one has no picture or table for are removed; nothing else is. What fails does so before anything
    takes its place, and leaves an earlier report as it was.
    """
    from tldr_search.report.files import remove_others

    contents = {directory / name: content for name, content in _contents(result, removal, speed)}
    folders = {directory: EARLIER, directory / FIGURES: FIGURE_FILES, directory / TABLES: TABLE_FILES}
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(no_empty(folder))
            folder.mkdir(parents=True, exist_ok=True)
        write_all(contents)
    for folder, patterns in folders.items():
        remove_others(folder, patterns, contents)
    page, *others = reversed(contents)
    return (page, *reversed(others))


def main_paths(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Of those of a report: the page and what else a reader opens first, then the folders."""
    top = paths[0].parent
    folders = dict.fromkeys(path.parent for path in paths if path.parent != top)
    return (*sorted((p for p in paths if p.parent == top and p.name in MAIN), key=lambda p: MAIN.index(p.name)), *folders)


def _contents(result: Result, removal: Removal | None, speed: Speed | None) -> Iterator[tuple[str, str | bytes]]:
    """Of every file its path within the report and what is in it, the page last."""
    from tldr_search.report import html, pictures, removed, rows

    table = rows.rows(result)
    drawn = pictures.pictures(result, table)
    shown = removed.shown(removal) if removal else ()
    yield from _front(result, table)
    yield from _figures(drawn)
    yield from _tables(result, table, speed)
    for index, picture in enumerate(removed.printed(removal) if removal else (), 1):
        yield from ((f"{FIGURES}/removed-{index}.{kind}", content) for kind, content in picture.files.items())
    yield MAIN[0], html.page(result, table, drawn, html.Extras(speed, shown))


def _front(result: Result, table: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """`best.yaml`, and everything that was measured."""
    from tldr_search.report import best, markup, tables, tabulated

    yield "best.yaml", best.best_text(result, table)
    yield "front.csv", tables.front_csv(table)
    yield "front.json", tables.front_json(result, table)
    yield from markup.texts(tabulated.front(result, table), ("md", "tex")).items()


def _figures(drawn: Pictures) -> Iterator[tuple[str, str | bytes]]:
    """The front at the top, the others in their folder."""
    from tldr_search.report import drawings

    for name, figure in drawings.figures(drawn).items():
        for file, content in drawings.rendered(figure, name).items():
            yield file if name == "pareto" else f"{FIGURES}/{file}", content


def _tables(result: Result, table: Sequence[Row], speed: Speed | None) -> Iterator[tuple[str, str]]:
    from tldr_search.report import markup, tabulated

    for one in tabulated.tables(result, table, speed):
        yield from ((f"{TABLES}/{file}", text) for file, text in markup.texts(one).items())
