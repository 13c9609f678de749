"""The report of an ablation, made from its result alone: a table and a picture. Never imports torch, matplotlib only when it draws."""

from __future__ import annotations

from pathlib import Path

from tldr_search.ablation.result import AblationResult
from tldr_search.files import write_all
from tldr_search.report.ablation.rows import rows
from tldr_search.report.ablation.tabulated import screen, summary, table

__all__ = ["rewrite", "screen", "summary", "write_ablation"]

PICTURE = "ablation"


def write_ablation(result: AblationResult, directory: Path) -> tuple[Path, ...]:
    """Writes every file of the report into `directory` and returns their paths, the picture first."""
    from tldr_search.report import markup
    from tldr_search.report.ablation.drawing import ablation_figure
    from tldr_search.report.ablation.picture import picture
    from tldr_search.report.drawings import rendered

    found = rows(result)
    texts = markup.texts(table(result, found))
    contents = {directory / name: content for name, content in (rendered(ablation_figure(picture(result, found)), PICTURE) | texts).items()}
    directory.mkdir(parents=True, exist_ok=True)
    write_all(contents)
    return tuple(contents)


def rewrite(run: Path, out: Path | None = None) -> tuple[AblationResult, tuple[Path, ...]]:
    """Writes the report of a finished ablation again, into its own directory or into `out`; `ValueError` where `run` holds none."""
    from tldr_search.ablation.result import RESULT, load

    if not (run / RESULT).is_file():
        raise ValueError(f"run {str(run)!r} holds no {RESULT}; the directory of a finished ablation would be accepted")
    result = load(run / RESULT)
    return result, write_ablation(result, out or run)
