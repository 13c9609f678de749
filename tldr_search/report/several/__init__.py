"""Several finished studies in one report."""

from __future__ import annotations

import json
from pathlib import Path

from tldr_search.report.several.comparison import Comparison, compare
from tldr_search.report.several.runs import Run
from tldr_search.report.several.tabulated import panels_document, screen

__all__ = ["Comparison", "Run", "compare", "panels_document", "screen", "write_comparison"]

NAME = "comparison"


def write_comparison(comparison: Comparison, directory: Path) -> tuple[Path, ...]:
    """Writes page, picture and tables into `directory`; their paths, the page first."""
    from tldr_search.files import write_whole
    from tldr_search.report.drawings import write
    from tldr_search.report.markup import FORMATS
    from tldr_search.report.markup import write as write_table
    from tldr_search.report.several import drawing, fronts, page, picture, tabulated

    drawn = picture.multiples(comparison)
    table = tabulated.table(comparison)
    texts = {kind: FORMATS[kind](table) for kind in ("csv", "md", "tex")}
    texts |= {"json": json.dumps(tabulated.document(comparison), indent=1) + "\n", "html": page.page(comparison, drawn)}
    directory.mkdir(parents=True, exist_ok=True)
    pictures = write(drawing.multiples_figure(drawn), directory, NAME)
    for kind, text in texts.items():
        write_whole(directory / f"{NAME}.{kind}", text)
    of_fronts = write_table(fronts.table(comparison), directory, ("csv", "md", "tex"))  # comparison.json holds them, too
    return (directory / f"{NAME}.html", *pictures, *(directory / f"{NAME}.{kind}" for kind in ("csv", "json", "md", "tex")), *of_fronts)
