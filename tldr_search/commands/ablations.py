"""Ablations that the papers ran, on any model and benchmark."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search import identity
from tldr_search.commands.row import Row
from tldr_search.preflight import check_hardware, made

if TYPE_CHECKING:
    from tldr_search.ablation.result import AblationResult
    from tldr_search.config.ablation import AblationConfig
    from tldr_search.study.progress import Progress


def ablate(config: AblationConfig, command: str = "", progress: Progress | None = None) -> tuple[AblationResult, tuple[Path, ...]]:
    """Measures every variant, or goes on measuring; the result, and the files of its report in the directory of the run."""
    from tldr_search.ablation.design import design
    from tldr_search.ablation.run import run_ablation
    from tldr_search.data.benchmarks import BENCHMARKS
    from tldr_search.report.ablation import write_ablation
    from tldr_search.study.progress import Silent

    planned = design(config)  # what is impossible is told before anything takes long
    split = BENCHMARKS[config.benchmark].reader(config.source(config.measured_split))
    check_hardware(config.precision)
    made_with = identity.by_name(config, [split])
    with made(config.directory):
        from tldr_search.evaluate import Evaluator

        with closing(Evaluator(config)) as measure:
            result = run_ablation(config, planned, measure, made_with, command, progress or Silent())
        return result, write_ablation(result, config.directory)


def ablation_summary(result: AblationResult, run: Path) -> Row:
    """What `ablate --json` prints."""
    from tldr_search.report.ablation import summary

    return {"run": str(run), **summary(result)}
