"""A table as CSV, JSON, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from tldr_search.report import latex, markup
from tldr_search.report.markup import Column, Estimate, Table

HOSTILE = "a_b & 50% #1 {x} ~^\\ $5 <i>|`*[u](v)`"
TABLE = Table(
    "example",
    f"Of {HOSTILE}.",
    (
        Column("name", "na_me", is_text=True),
        markup.schedule_column(),
        Column("score", "score (%)", markup.score),
        *markup.p_columns(),
        Column("there", "there", markup.yes, is_text=True),
    ),
    (
        (HOSTILE, (600, 200, 100, 0, 0), Estimate(70 + 1 / 3, 65.04, 75.96), 0.0001234, 0.04, True),
        ("two\nlines", None, None, None, None, False),
    ),
)


def cells_of_markdown(line: str) -> list[str]:
    """Splits at bars that no backslash stands before."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def cells_of_latex(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)&", line.removesuffix(r"\\"))]


def test_csv_has_full_numbers_and_flat_columns() -> None:
    first, second = csv.DictReader(io.StringIO(markup.as_csv(TABLE)))
    assert list(first) == ["name", "schedule", "score", "score_low", "score_high", "p", "p_holm", "there"]
    assert first["name"] == HOSTILE
    assert first["schedule"] == "600,200,100"
    assert float(first["score"]) == 70 + 1 / 3
    assert (first["score_low"], first["p"], first["there"]) == ("65.04", "0.0001234", "True")
    assert [second[name] for name in ("schedule", "score", "score_low", "score_high", "p")] == [""] * 5


def test_json_keeps_types() -> None:
    found = json.loads(markup.as_json(TABLE))
    assert found["caption"] == TABLE.caption
    assert found["headings"]["name"] == "na_me"
    assert found["rows"][0]["schedule"] == [600, 200, 100, 0, 0]
    assert found["rows"][0]["score"] == 70 + 1 / 3
    assert found["rows"][0]["there"] is True
    assert found["rows"][1]["score_low"] is None


def test_markdown_is_rounded_and_escaped() -> None:
    caption, blank, *lines = markup.as_markdown(TABLE).splitlines()
    assert blank == ""
    heads, rules, first, second = map(cells_of_markdown, lines)
    assert heads == [r"na\_me", "schedule", "score (%)", "p", "there"]  # p on its own is for programs
    assert rules == [":--", ":--", "--:", "--:", ":--"]
    assert first[1:] == ["600,200,100", r"70.3 \[65.0, 76.0\]", "0.040", "yes"]
    assert second == ["two lines", "–", "–", "–", ""]
    for text in (caption, first[0]):
        assert re.search(r"(?<!\\)[`*_|\[\]$#~]", text) is None
        assert "<" not in text
    assert re.sub(r"\\([\\`*_|\[\]$#~])", r"\1", first[0]).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == HOSTILE


def test_latex_compiles_in_principle() -> None:
    text = markup.as_latex(TABLE)
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("%")]
    assert [" ".join(TABLE.caption.split()) in c for c in comments] == [False, True]
    code = "\n".join(line for line in lines if not line.startswith("%"))
    plain = re.sub(r"\\[{}]", "", code)
    assert plain.count("{") == plain.count("}")
    opened, closed = (re.findall(rf"\\{word}\{{(.*?)\}}", code) for word in ("begin", "end"))
    assert opened[:2] == ["table*", "tabular"]
    assert closed[-2:] == ["tabular", "table*"]
    assert sorted(opened) == sorted(closed)
    assert re.findall(r"\\(toprule|midrule|bottomrule)", code) == ["toprule", "midrule", "bottomrule"]
    rows = [line for line in code.splitlines() if line.endswith(r"\\")]
    assert [len(cells_of_latex(row)) for row in rows] == [5, 5, 5]
    spec = next(line for line in code.splitlines() if line.startswith(r"\begin{tabular}"))
    assert spec == r"\begin{tabular}{l>{\raggedright\arraybackslash}p{0.15\linewidth}rrl}"
    assert cells_of_latex(rows[1])[1] == r"600,\allowbreak 200,\allowbreak 100"
    assert re.search(r"(?<!\\)[%#_]", code.replace("\\linewidth", "")) is None


@pytest.mark.parametrize("letter", '\\{}$&#%_~^<>|"−–’‑×')
def test_every_character_that_latex_reads_is_escaped(letter: str) -> None:
    escaped = latex.latex(letter)
    assert escaped != letter
    assert escaped.isascii()


def test_a_newline_ends_no_comment_and_no_row() -> None:
    hostile = TABLE._replace(caption="one\n\\input{secrets}\ntwo")
    comment = markup.as_latex(hostile).splitlines()[1]
    assert comment == "% one \\input{secrets} two"
    assert r"\input" not in "\n".join(line for line in markup.as_latex(hostile).splitlines() if not line.startswith("%"))


def test_files(tmp_path: Path) -> None:
    paths = markup.write(TABLE, tmp_path)
    assert [path.name for path in paths] == ["example.csv", "example.json", "example.md", "example.tex"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert [p.name for p in markup.write(TABLE, tmp_path, ("md",))] == ["example.md"]
