"""What can be searched for, and which task it asks for."""

from __future__ import annotations

from tldr_search.config.able import lacks
from tldr_search.data.benchmarks import BENCHMARKS

OBJECTIVES: dict[str, tuple[str, ...]] = {
    "retrieval": ("t2v_r1", "t2v_r5", "t2v_r10", "v2t_r1", "v2t_r5", "v2t_r10"),
    "classification": ("top1", "top5"),
    "question-answering": ("accuracy",),
    "base-to-novel": ("base_top1", "novel_top1", "base_top5", "novel_top5"),
}
"""Rates that can be searched for, by task."""
LABEL_FREE = ("agreement", "fidelity")
"""Stand-ins for the rates of every task that ask for no labels: how far the model says what it says unreduced."""


def task_of(objective: str, benchmark: str, model: str) -> str:
    """The task whose rate `objective` is; of those that ask for no labels, the first of the benchmark that the model can do.

    Both names must be known. Where the model can do none, the benchmark's first task.
    """
    for task, rates in OBJECTIVES.items():
        if objective in rates:
            return task
    row = BENCHMARKS[benchmark]
    return next((task for task in row.tasks if not lacks(model, task, row.num_classes)), row.tasks[0])
