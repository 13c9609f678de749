"""Tables in LaTeX are as wide as the two columns of a paper at the most, and no longer than a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest
from matplotlib.ft2font import FT2Font

from tldr_search.report import tabulated
from tldr_search.report.latex import as_latex
from tldr_search.report.markup import Table
from tldr_search.report.rows import rows
from tldr_search.report.several import tabulated as several
from tldr_search.report.several.comparison import compare
from tldr_search.report.several.runs import Run
from tldr_search.study.result import Result

Build = Callable[..., Result]
TEXT_WIDTH = 496.0
"""Points: both columns of the narrower conferences."""
SIZES = {False: 8.0, True: 7.0}
"""Of `\\footnotesize` and, in it, of `\\scriptsize` in a document of 10 pt."""
GAP = 2.5
"""`\\tabcolsep`."""
FONT = FT2Font(str(Path(matplotlib.get_data_path()) / "fonts/ttf/cmr10.ttf"))


def advance(text: str, small: bool) -> float:
    """Points, in Computer Modern."""
    FONT.set_size(10, 72)
    return sum(FONT.load_char(ord(letter)).linearHoriAdvance / 65536 for letter in text) * SIZES[small] / 10


def plain(code: str) -> str:
    """What is printed of escaped text."""
    code = code.replace("$-$", "-").replace(r"$\times$", "x").replace("~", " ").replace(r"\allowbreak ", "")
    return re.sub(r"\\text[a-z]+\{\}", "x", code).replace("\\", "").replace("{", "").replace("}", "")


def cell_width(code: str) -> float:
    inner = re.fullmatch(r"\{?\\begin\{tabular\}\[[tb]\]\{@\{\}[lr]@\{\}\}(.*)\\end\{tabular\}\}?", code)
    lines = inner[1].split(r"\\") if inner else [code]
    return max(advance(plain(line.strip().replace(r"\scriptsize ", "")), r"\scriptsize" in line) for line in lines)


def column_cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)&", line.removesuffix(r" \\"))]


def table_width(code: str) -> float:
    """Of the widest float: cells, and the room at both sides of every column."""
    found = []
    for float_ in code.split(r"\begin{table*}")[1:]:
        spec = re.search(r"^\\begin\{tabular\}\{(.*)\}$", float_, re.M)
        assert spec
        columns = re.findall(r">\{\\raggedright\\arraybackslash\}p\{([\d.]+)\\linewidth\}|([lr])", spec[1])
        lines = [column_cells(line) for line in float_.splitlines() if line.endswith(r" \\")]
        widths = [float(part) * TEXT_WIDTH if part else max(cell_width(line[i]) for line in lines) for i, (part, _) in enumerate(columns)]
        assert {len(line) for line in lines} == {len(columns)}
        found.append(sum(widths) + 2 * GAP * len(columns))
    return max(found)


def float_heights(code: str) -> list[float]:
    """Points of each float without its caption: lines of 9.5 pt, and what breaks in a column of its own takes more of them."""
    heights = []
    for float_ in code.split(r"\begin{table*}")[1:]:
        spec = re.search(r"^\\begin\{tabular\}\{(.*)\}$", float_, re.M)
        assert spec
        columns = re.findall(r">\{\\raggedright\\arraybackslash\}p\{([\d.]+)\\linewidth\}|([lr])", spec[1])
        total = 0.0
        for line in (line for line in float_.splitlines() if line.endswith(r" \\")):
            tall = [2 if r"\scriptsize" in cell else 1 for cell in column_cells(line)]
            wrapped = [
                -(-1.15 * advance(plain(cell), False) // (float(part) * TEXT_WIDTH))
                for cell, (part, _) in zip(column_cells(line), columns, strict=True)
                if part
            ]
            total += 9.5 * max(*tall, *wrapped)
        heights.append(total)
    return heights


def every(result: Result) -> list[Table]:
    table = rows(result)
    return [tabulated.front(result, table), *tabulated.tables(result, table)]


@pytest.fixture(scope="module")
def wide(build: Build) -> Result:
    """A price beside the GFLOPs, and all differences."""
    return build(unit="ms")


def test_every_table_fits_the_width_of_a_page(wide: Result) -> None:
    for table in every(wide):
        assert table_width(as_latex(table)) <= TEXT_WIDTH, table.name


def test_a_comparison_fits_too(build: Build) -> None:
    runs = [
        Run("demo-180gflops", Path("a"), build(), {"method": "a"}),
        Run("demo-other-searcher", Path("b"), build(seed=1), {"method": "b"}),
    ]
    table = several.table(compare(runs))
    assert table_width(as_latex(table)) <= TEXT_WIDTH


def test_a_long_table_goes_on_where_a_page_ends(result: Result) -> None:
    code = as_latex(tabulated.front(result, rows(result)))
    heights = float_heights(code)
    assert len(heights) > 1
    assert max(heights) <= 520
    assert code.count(r"\caption{") == code.count(r"\label{tab:front}") == 1
    assert code.count(r"Table~\ref{tab:front}, continued.") == len(heights) - 1
    listed = [line for line in code.splitlines() if line.endswith(r" \\") and not line.startswith("{")]
    assert len(listed) == len(tabulated.front(result, rows(result)).rows)
