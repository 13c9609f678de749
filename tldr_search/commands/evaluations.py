"""Measuring one schedule: on a split, or of a single video."""

from __future__ import annotations

import os
import shutil
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search import identity
from tldr_search.commands.row import Row
from tldr_search.cost import CostModel
from tldr_search.lock import locked
from tldr_search.made_with import stamp
from tldr_search.preflight import check_hardware, make_writable
from tldr_search.reducers import get_method
from tldr_search.schedule import Schedule, transfer

if TYPE_CHECKING:
    from tldr_search.config import AnswerConfig, EvaluateConfig
    from tldr_search.config.reduced import ReducedSettings
    from tldr_search.evaluate import Evaluator, World


def evaluate(config: EvaluateConfig, command: str = "") -> Row | None:
    """Measures one schedule on one split and leaves a result card in `config.directory`; None on every rank but the first.

    What an interrupted evaluation finished is not computed again. `ValueError` if the directory has the result of another evaluation.
    """
    from tldr_search.evaluate import Evaluator, launched
    from tldr_search.tasks.ranks import SharedError

    origin, config = config.schedule_file, config.in_numbers()
    world = launched(config.devices, config.num_nodes)
    check_hardware(config.precision, world.devices)
    evaluator = Evaluator(config, world, bar=True)
    with locked(make_writable(config.directory)) if evaluator.is_first else nullcontext(), evaluator.together():
        try:
            return _evaluate(config, evaluator, world, command, origin)
        except SharedError:
            if evaluator.is_first:
                raise
            return None  # the first rank tells it
        finally:
            if evaluator.is_first:
                (config.directory / "lock").unlink(missing_ok=True)
                with suppress(OSError):
                    config.directory.rmdir()  # if nothing came of it


def tell_ranks(error: ValueError) -> None:
    """Where others started this process and its like, they learn of a mistake in the settings."""
    if any(name in os.environ for name in ("TORCHELASTIC_RUN_ID", "SLURM_NTASKS")):
        from tldr_search.evaluate import tell_ranks as tell

        tell(error)


def _evaluate(config: EvaluateConfig, evaluator: Evaluator, world: World, command: str, origin: str | None) -> Row | None:
    from tldr_search import card

    cost, evaluated = _reduction(config)
    split = evaluator.annotated(config.measured_split)
    made_with = identity.of_evaluation(config, split, evaluated)
    card.check_place(config.directory, made_with)
    kept = config.directory / "unfinished" / stamp(made_with)
    found = evaluator.measure(cost.method.spec, evaluated, config.measured_split, kept)
    if evaluator.is_first:
        row = card.make(config, split, found, cost, evaluated, world, command) | {"schedule_from": origin, "made_with": made_with}
        paths = card.write(row, found, config.directory)
    if evaluator.is_first_of_node:
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):  # another evaluation's unfinished batches, or another node that was faster
            kept.parent.rmdir()
    return {**row, "files": [str(path) for path in paths]} if evaluator.is_first else None


def answer(config: AnswerConfig, video: Path) -> Row:
    """What the model says of one video, the best first."""
    from tldr_search.answer import answer as ask

    check_hardware(config.precision)
    cost, evaluated = _reduction(config)
    found = ask(config, video, cost.method.spec, evaluated)
    return {
        "video": str(video),
        "model": config.model,
        "cost_model": config.costs,
        "method": cost.method.spec,
        "schedule": list(cost.method.full(config.r, cost.geometry)),
        "schedule_from": config.schedule_file,
        "gflops": cost(config.r).gflops,
        "protocol": config.cut.protocol,
        "kind": config.measures,
        "answers": [entry._asdict() for entry in found],
    }


def _reduction(config: ReducedSettings) -> tuple[CostModel, Schedule]:
    """What is counted, and the schedule in the counts of the model that runs."""
    method, counted = get_method(config.reduction.method), config.counted
    cost = CostModel(counted, method)
    reduces = any(method.removed(config.r, counted.geometry))
    return cost, transfer(config.r, method, counted.geometry, config.evaluated.geometry) if reduces else ()
