"""A table as LaTeX that fits a page: as wide as a paper of two columns, and cut where it is longer. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tldr_search.report.markup import Cell, Column, Estimate, Table, one_line, text_of

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': "''", "\N{MINUS SIGN}": "$-$", "–": "--", "—": "---", "’": "'", "‑": "-", "×": r"$\times$",
    "\N{NO-BREAK SPACE}": "~",
}  # fmt: skip
"""Characters that LaTeX would read, or that not every font has."""
LINES = 52
"""Of `\\footnotesize`, about as many as a page holds beside the caption; what is longer goes on in another float."""
LETTERS = 100
"""Of them, about as many as go across a page."""
SHORT = 9
"""A heading of more letters is broken in two."""
SIZE = r"\footnotesize\setlength{\tabcolsep}{2.5pt}"


def as_latex(table: Table) -> str:
    """Booktabs tables that are put in with `\\input`; what was measured is said by a comment and by the caption.

    Intervals stand below their values, and columns that say again what another one says are left out.
    """
    shown = [index for index, column in enumerate(table.columns) if not column.for_programs and not column.repeats]
    columns = [table.columns[index] for index in shown]
    rows = [[_cell(table.columns[index], row[index]) for index in shown] for row in table.rows]
    lines = [max((_height(table.columns[index], row[index]) for index in shown), default=1) for row in table.rows]
    head = [
        "% needs \\usepackage{booktabs,array}",
        f"% {' '.join(table.caption.split())}",
    ]
    label = f"tab:{table.name.replace('_', '-')}"
    parts = list(_parts(rows, lines))
    floats = [_float(columns, part, _title(table, label, index)) for index, part in enumerate(parts)]
    return "\n".join([*head, *floats]) + "\n"


def latex(text: str) -> str:
    """Plain text for LaTeX, on one line."""
    return "".join(SPECIAL.get(letter, letter) for letter in one_line(text))


def _parts(rows: Sequence[Sequence[str]], lines: Sequence[int]) -> Iterator[list[Sequence[str]]]:
    """Rows that go on one page each."""
    part: list[Sequence[str]] = []
    room = LINES
    for row, height in zip(rows, lines, strict=True):
        if part and height > room:
            yield part
            part, room = [], LINES
        part.append(row)
        room -= height
    yield part


def _title(table: Table, label: str, index: int) -> list[str]:
    if index:
        return [rf"Table~\ref{{{label}}}, continued.\\[2pt]"]
    return [rf"\caption{{{latex(table.caption)}}}", rf"\label{{{label}}}"]


def _float(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: Sequence[str]) -> str:
    align = "".join(map(_alignment, columns))
    heads = " & ".join(f"{{{_heading(column)}}}" for column in columns) + r" \\"
    body = [" & ".join(row) + r" \\" for row in rows]
    inner = [rf"\begin{{tabular}}{{{align}}}", r"\toprule", heads, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]
    return "\n".join([r"\begin{table*}", r"\centering", *title, SIZE, *inner, r"\end{table*}"])


def _alignment(column: Column) -> str:
    if column.part:
        return rf">{{\raggedright\arraybackslash}}p{{{column.part:g}\linewidth}}"
    return "l" if column.is_text else "r"


def _heading(column: Column) -> str:
    """In two lines, about as long, where it is long; what LaTeX breaks itself is left to it."""
    words = column.heading.split()
    if len(column.heading) <= SHORT or len(words) < 2 or column.part:
        return latex(column.heading)
    cut = min(range(1, len(words)), key=lambda n: max(len(" ".join(words[:n])), len(" ".join(words[n:]))))
    return _stacked([latex(" ".join(words[:cut])), latex(" ".join(words[cut:]))], "b", "l" if column.is_text else "r")


def _cell(column: Column, cell: Cell) -> str:
    text = text_of(column, cell)
    value, bracket, rest = text.partition(" [")
    if isinstance(cell, Estimate) and bracket:
        return _stacked([latex(value), rf"{{\scriptsize [{latex(rest)}}}"], "t", "r")
    return latex(text).replace(",", r",\allowbreak ").replace("=", r"=\allowbreak ") if column.part else latex(text)


def _stacked(lines: Sequence[str], place: str, align: str) -> str:
    return rf"\begin{{tabular}}[{place}]{{@{{}}{align}@{{}}}}" + r"\\ ".join(lines) + r"\end{tabular}"


def _height(column: Column, cell: Cell) -> int:
    """Lines that a cell takes, about."""
    if isinstance(cell, Estimate):
        return 2
    return -(-len(text_of(column, cell)) // max(round(column.part * LETTERS), 1)) if column.part else 1
