"""Several finished studies in one report."""

from __future__ import annotations

import json
from pathlib import Path

from tldr_search.files import no_empty, write_all
from tldr_search.report.several.comparison import Comparison, compare
from tldr_search.report.several.runs import Run
from tldr_search.report.several.tabulated import panels_document, screen

__all__ = ["Comparison", "Run", "compare", "panels_document", "screen", "write_comparison"]

NAME = "comparison"


def write_comparison(comparison: Comparison, directory: Path) -> tuple[Path, ...]:
    """Writes page, picture and tables into `directory`; their paths, the page first."""
    from tldr_search.report import markup
    from tldr_search.report.drawings import rendered
    from tldr_search.report.several import drawing, fronts, page, picture, tabulated

    drawn = picture.multiples(comparison)
    table = markup.texts(tabulated.table(comparison), ("csv", "md", "tex"))
    named: dict[str, str | bytes] = {
        **rendered(drawing.multiples_figure(drawn), NAME),
        f"{NAME}.csv": table[f"{NAME}.csv"],
        f"{NAME}.json": json.dumps(tabulated.document(comparison), indent=1) + "\n",
        f"{NAME}.md": table[f"{NAME}.md"],
        f"{NAME}.tex": table[f"{NAME}.tex"],
        **markup.texts(fronts.table(comparison), ("csv", "md", "tex")),  # comparison.json holds them, too
        f"{NAME}.html": page.page(comparison, drawn),
    }
    contents = {directory / name: content for name, content in named.items()}
    with no_empty(directory):
        directory.mkdir(parents=True, exist_ok=True)
        write_all(contents)
    *others, shown = contents
    return (shown, *others)
