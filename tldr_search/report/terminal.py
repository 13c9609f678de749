"""How text and tables are laid out for a terminal: as wide as it is, in ASCII as far as the words are ours. Pure, but for the width."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

WIDTH = 100
"""Columns where nobody can tell: a file, a pipe."""
WIDEST = 120
"""Lines of text that are longer are hard to read."""
GAP = "  "
TYPED = str.maketrans(
    {
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{NO-BREAK SPACE}": " ",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)
"""What is typeset in pages and papers, as it is typed."""


def plain(text: str) -> str:
    """Our own words for a terminal of any encoding; letters of names that the user gave stay."""
    return text.translate(TYPED)


def width() -> int:
    """Columns of the terminal, as far as lines should go."""
    return min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDEST)


def filled(text: str, *, indent: str = "") -> str:
    """A paragraph; lines after the first one begin with `indent`."""
    return textwrap.fill(plain(text), width(), subsequent_indent=indent)


def aligned(lines: Sequence[Sequence[str]], left: Sequence[bool]) -> list[str]:
    """Columns as wide as their widest cell, flush left or right, without spaces at the ends of lines.

    The first line is the head, in which `\\n` breaks a cell. A table that is too wide for the terminal has less between its columns; if
    that is not enough, the last ones follow below, with the first column again.
    """
    head, *body = [[plain(cell) for cell in line] for line in lines]
    cells = [*_stacked(head), *body]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    found: list[str] = []
    for gap, columns in _blocks(widths, width()):
        found += ["" for _ in found[:1]]
        found += [gap.join(_padded(line[i], widths[i], left[i]) for i in columns).rstrip() for line in cells]
    return found


def _stacked(head: Sequence[str]) -> list[list[str]]:
    """Lines of the head; cells that are broken less often stand at its foot."""
    cells = [cell.split("\n") for cell in head]
    height = max(map(len, cells))
    return [list(line) for line in zip(*([""] * (height - len(cell)) + cell for cell in cells), strict=True)]


def _padded(cell: str, width: int, left: bool) -> str:
    return cell.ljust(width) if left else cell.rjust(width)


def _blocks(widths: Sequence[int], room: int) -> list[tuple[str, list[int]]]:
    """(gap, columns) of each block; one that is too narrow for a column has it nevertheless."""
    everything = list(range(len(widths)))
    for gap in (GAP, " "):
        if sum(widths) + len(gap) * (len(widths) - 1) <= room:
            return [(gap, everything)]
    blocks: list[list[int]] = [[0]]
    for index in everything[1:]:
        block = blocks[-1]
        if len(block) > 1 and sum(widths[i] + len(GAP) for i in block) + widths[index] > room:
            blocks.append(block := [0])
        block.append(index)
    return [(GAP, block) for block in blocks]
