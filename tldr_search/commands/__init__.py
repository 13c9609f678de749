"""What the command line does, as typed functions; each returns plain data, as `--json` prints it.

A function's module, and what that needs, is imported when the function is first asked for (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tldr_search.commands.ablations import ablate, ablation_summary
    from tldr_search.commands.costs import bench, bench_reranking, flops
    from tldr_search.commands.evaluations import answer, evaluate, tell_ranks
    from tldr_search.commands.exports import export
    from tldr_search.commands.reports import Measuring, compare, comparison_summary, is_ablation, report, report_ablation
    from tldr_search.commands.studies import dry_run, study, study_summary
    from tldr_search.commands.visualizations import visualize

_MODULES = {
    "ablations": ("ablate", "ablation_summary"),
    "costs": ("bench", "bench_reranking", "flops"),
    "evaluations": ("answer", "evaluate", "tell_ranks"),
    "exports": ("export",),
    "reports": ("Measuring", "compare", "comparison_summary", "is_ablation", "report", "report_ablation"),
    "studies": ("dry_run", "study", "study_summary"),
    "visualizations": ("visualize",),
}
_LAZY = {name: module for module, names in _MODULES.items() for name in names}
__all__ = [
    "Measuring",
    "ablate",
    "ablation_summary",
    "answer",
    "bench",
    "bench_reranking",
    "compare",
    "comparison_summary",
    "dry_run",
    "evaluate",
    "export",
    "flops",
    "is_ablation",
    "report",
    "report_ablation",
    "study",
    "study_summary",
    "tell_ranks",
    "visualize",
]


def __getattr__(name: str) -> Any:
    """One of `__all__`."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
