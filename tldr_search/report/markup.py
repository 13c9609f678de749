"""A table, computed once, and written as CSV and JSON for programs and as Markdown for people; `latex` writes it for papers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tldr_search.files import write_all
from tldr_search.report.words import cost_text, p_text, schedule_text, signed_text

Flat = str | int | float | bool | None


class Estimate(NamedTuple):
    """A value and its interval; for programs three columns: the name of the column, and that with `_low` and `_high`."""

    value: float
    low: float
    high: float


Cell = Flat | Estimate | tuple[int, ...]
"""A tuple is a schedule; None is what was not measured, or is not defined."""


class Column(NamedTuple):
    """What stands below one head."""

    name: str
    """For programs, e.g. `gflops`."""
    heading: str
    """For people, e.g. `GFLOPs`."""
    show: Callable[[Any], str] = str
    """A cell, which is not None, for people."""
    is_text: bool = False
    """Flush left; numbers are flush right."""
    is_long: bool = False
    """Cells are long, and made to be copied: schedules."""
    for_programs: bool = False
    """CSV and JSON alone have it."""
    repeats: bool = False
    """It says again what another column says; LaTeX leaves it out."""
    part: float = 0.0
    """Of the width of a page: in LaTeX it takes that, and breaks at spaces and after commas. 0: as wide as its cells."""


class Table(NamedTuple):
    """Rows of typed cells below their columns."""

    name: str
    """Of its files, without suffix."""
    caption: str
    """What was measured, in sentences of plain text."""
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


MISSING = "–"


def decimals(number: int) -> Callable[[float], str]:
    """Shows a number with so many decimals."""
    return lambda value: f"{value:.{number}f}"


def score(value: Estimate) -> str:
    """`70.3 [65.0, 75.3]`."""
    return f"{value.value:.1f} [{value.low:.1f}, {value.high:.1f}]"


def change(value: Estimate) -> str:
    """`-1.3 [-4.0, +1.3]`."""
    return f"{signed_text(value.value)} [{signed_text(value.low)}, {signed_text(value.high)}]"


def yes(value: bool) -> str:
    """`yes`, or nothing."""
    return "yes" if value else ""


def gflops_column() -> Column:
    """That of costs as the papers print them."""
    return Column("gflops", "GFLOPs", cost_text)


def schedule_column() -> Column:
    """That of schedules, as `--schedule` takes them."""
    return Column("schedule", "schedule", schedule_text, is_text=True, is_long=True, part=0.15)


def p_columns(prefix: str = "") -> tuple[Column, Column]:
    """Those of p-values: on its own, for programs, and corrected by Holm's method."""
    return Column(f"{prefix}p", "p on its own", p_text, for_programs=True), Column(f"{prefix}p_holm", "p", p_text)


def as_csv(table: Table) -> str:
    """Numbers in full; a schedule as `--schedule` takes it; nothing for what is missing."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for names in _names(table) for name in names])
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in record.items()} for record in _records(table))
    return text.getvalue()


def as_json(table: Table) -> str:
    """The same records, schedules as lists, with the caption and the headings."""
    headings = {column.name: column.heading for column in table.columns}
    return json.dumps({"name": table.name, "caption": table.caption, "headings": headings, "rows": _records(table)}, indent=1) + "\n"


def as_markdown(table: Table) -> str:
    """A pipe table, the caption above it."""
    heads = [_md(column.heading) for column in _for_people(table)]
    rules = [":--" if column.is_text else "--:" for column in _for_people(table)]
    body = [[_md(text) for text in line] for line in shown(table)]
    lines = "\n".join(f"| {' | '.join(line)} |" for line in (heads, rules, *body))
    return f"{_md(table.caption)}\n\n{lines}\n"


def as_latex(table: Table) -> str:
    """See `latex.as_latex`."""
    from tldr_search.report import latex

    return latex.as_latex(table)


FORMATS: dict[str, Callable[[Table], str]] = {"csv": as_csv, "json": as_json, "md": as_markdown, "tex": as_latex}
"""Suffix -> how it is written."""


def write(table: Table, directory: Path, formats: Sequence[str] = tuple(FORMATS)) -> tuple[Path, ...]:
    """Writes `NAME.csv`, `NAME.json`, `NAME.md` and `NAME.tex`, or those of `formats`; their paths."""
    contents = {directory / name: text for name, text in texts(table, formats).items()}
    write_all(contents)
    return tuple(contents)


def texts(table: Table, formats: Sequence[str] = tuple(FORMATS)) -> dict[str, str]:
    """The names of those files, and what is in them."""
    return {f"{table.name}.{suffix}": FORMATS[suffix](table) for suffix in formats}


def shown(table: Table) -> list[list[str]]:
    """Every cell for people, in plain text."""
    return [[text_of(c, cell) for c, cell in zip(table.columns, row, strict=True) if not c.for_programs] for row in table.rows]


def text_of(column: Column, cell: Cell) -> str:
    """One cell for people, in plain text."""
    return MISSING if cell is None else column.show(cell)


def _for_people(table: Table) -> list[Column]:
    return [column for column in table.columns if not column.for_programs]


def _md(text: str) -> str:
    """Plain text for Markdown, on one line: nothing in it is markup, HTML or the end of a cell."""
    line = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{letter}" if letter in "\\`*_[]|~$#" else letter for letter in line)


def one_line(text: str) -> str:
    """Without line ends, tabs and other control characters."""
    return "".join(letter if letter.isprintable() or letter == "\N{NO-BREAK SPACE}" else " " for letter in text)


def _names(table: Table) -> list[tuple[str, ...]]:
    """Per column its flat ones: three if it holds an estimate in any row."""
    return [
        (column.name, f"{column.name}_low", f"{column.name}_high")
        if any(isinstance(row[index], Estimate) for row in table.rows)
        else (column.name,)
        for index, column in enumerate(table.columns)
    ]


def _records(table: Table) -> list[dict[str, Flat | tuple[int, ...]]]:
    """Every row without nesting."""
    names = _names(table)
    return [{k: v for keys, cell in zip(names, row, strict=True) for k, v in _values(keys, cell)} for row in table.rows]


def _values(names: tuple[str, ...], cell: Cell) -> Iterator[tuple[str, Flat | tuple[int, ...]]]:
    if isinstance(cell, Estimate):
        return zip(names, cell, strict=True)
    return zip(names, (cell, *(None,) * (len(names) - 1)), strict=True)


def _plain(value: Flat | tuple[int, ...]) -> Flat:
    if isinstance(value, tuple):
        return schedule_text(value)
    return "" if value is None else value
