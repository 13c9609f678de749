"""Tables, pictures and the page of a study, made from its `Result` alone. Never imports torch, and matplotlib only when it draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search.report.screen import screen_table
from tldr_search.study.result import Result

if TYPE_CHECKING:
    from tldr_search.insight.record import Removal
    from tldr_search.report.pictures import Pictures
    from tldr_search.report.rows import Row
    from tldr_search.report.speed import Speed

__all__ = ["main_paths", "screen_table", "write_report"]

MAIN = ("report.html", "best.yaml", "front.csv", "pareto.png")
"""What a reader opens first, at the top of the directory."""
FIGURES, TABLES = "figures", "tables"
"""Folders for the rest."""
FIGURE_NAMES = ("published", "schedules", "schedules_by_cost", "history", "sensitivity", "evaluations")
FIGURE_FILES = (*(f"{name}.{kind}" for name in FIGURE_NAMES for kind in ("png", "svg", "pdf")), "removed-*.png")
TABLE_NAMES = ("winners", "equal_cost", "layers", "hypervolume", "speed", "published")
TABLE_FILES = tuple(f"{name}.{kind}" for name in TABLE_NAMES for kind in ("csv", "json", "md", "tex"))
"""What a report may have written there."""


def write_report(result: Result, directory: Path, *, removal: Removal | None = None, speed: Speed | None = None) -> tuple[Path, ...]:
    """Writes every file of the report into `directory` and returns their paths, the page first.

    `removal`: what the winners removed from a few clips; `speed`: what was measured of them. Either is shown only if it is given.
    Files of an earlier report that this one has no picture or table for are removed; nothing else is.
    """
    from tldr_search.report import html, pictures, removed, rows
    from tldr_search.report.files import remove_others, write_whole

    table = rows.rows(result)
    drawn = pictures.pictures(result, table)
    shown = removed.shown(removal) if removal else ()
    text = html.page(result, table, drawn, html.Extras(speed, shown))  # what may fail comes before the first file
    for folder in (directory, directory / FIGURES, directory / TABLES):
        folder.mkdir(parents=True, exist_ok=True)
    files = [*_front(result, table, directory), *_figures(drawn, directory), *_tables(result, table, speed, directory / TABLES)]
    for index, picture in enumerate(shown, 1):
        files.append(directory / FIGURES / f"removed-{index}.png")
        files[-1].write_bytes(picture.png)
    write_whole(directory / MAIN[0], text)
    remove_others(directory / FIGURES, FIGURE_FILES, files)
    remove_others(directory / TABLES, TABLE_FILES, files)
    return (directory / MAIN[0], *files)


def main_paths(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Of those of a report: the page and what else a reader opens first, then the folders."""
    top = paths[0].parent
    folders = dict.fromkeys(path.parent for path in paths if path.parent != top)
    return (*sorted((p for p in paths if p.parent == top and p.name in MAIN), key=lambda p: MAIN.index(p.name)), *folders)


def _front(result: Result, table: Sequence[Row], directory: Path) -> Iterator[Path]:
    """`best.yaml`, and everything that was measured."""
    from tldr_search.report import best, markup, tables, tabulated

    yaml, csv, json = (directory / name for name in ("best.yaml", "front.csv", "front.json"))
    best.write_best(result, table, yaml)
    tables.write_csv(table, csv)
    tables.write_json(result, table, json)
    yield from (yaml, csv, json)
    yield from markup.write(tabulated.front(result, table), directory, ("md", "tex"))


def _figures(drawn: Pictures, directory: Path) -> Iterator[Path]:
    """The front at the top, the others in their folder."""
    from tldr_search.report import drawings

    for name, figure in drawings.figures(drawn).items():
        yield from drawings.write(figure, directory if name == "pareto" else directory / FIGURES, name)


def _tables(result: Result, table: Sequence[Row], speed: Speed | None, folder: Path) -> Iterator[Path]:
    from tldr_search.report import markup, tabulated

    for one in tabulated.tables(result, table, speed):
        yield from markup.write(one, folder)
