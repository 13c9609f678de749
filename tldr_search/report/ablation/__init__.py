"""The report of an ablation, made from its result alone: a table and a picture. Never imports torch, matplotlib only when it draws."""

from __future__ import annotations

from pathlib import Path

from tldr_search.ablation.result import AblationResult
from tldr_search.report.ablation.rows import rows
from tldr_search.report.ablation.tabulated import screen, summary, table

__all__ = ["screen", "summary", "write_ablation"]

PICTURE = "ablation"


def write_ablation(result: AblationResult, directory: Path) -> tuple[Path, ...]:
    """Writes every file of the report into `directory` and returns their paths, the picture first."""
    from tldr_search.report import markup
    from tldr_search.report.ablation.drawing import ablation_figure
    from tldr_search.report.ablation.picture import picture
    from tldr_search.report.drawings import files

    directory.mkdir(parents=True, exist_ok=True)
    found = rows(result)
    drawn = files.write(ablation_figure(picture(result, found)), directory, PICTURE)
    return (*drawn, *markup.write(table(result, found), directory))
