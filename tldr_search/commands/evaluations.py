"""Measuring one schedule: on a split, or of a single video."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search import identity
from tldr_search.commands.row import Row
from tldr_search.cost import CostModel
from tldr_search.lock import locked
from tldr_search.made_with import stamp
from tldr_search.preflight import check_hardware, check_writable, made
from tldr_search.reducers import get_method
from tldr_search.schedule import Schedule, transfer

if TYPE_CHECKING:
    from tldr_search.config import AnswerConfig, EvaluateConfig
    from tldr_search.config.reduced import ReducedSettings
    from tldr_search.evaluate import Evaluator, World


UNFINISHED = "unfinished"
"""Folder of the finished batches of evaluations that are not."""


def evaluate(config: EvaluateConfig, command: str = "") -> Row | None:
    """Measures one schedule on one split and leaves a result card in `config.directory`; None on every rank but the first.

    What an interrupted evaluation finished is not computed again. `ValueError` if the directory has the result of another evaluation.
    """
    if not _is_launched():  # otherwise only the first rank writes, perhaps to a disk of its own
        check_writable(config.directory)
    from tldr_search.evaluate import Evaluator, launched
    from tldr_search.tasks.ranks import SharedError

    origin, config = config.schedule_file, config.in_numbers()
    world = launched(config.devices, config.num_nodes)
    check_hardware(config.precision, world.devices)
    evaluator = Evaluator(config, world, bar=True)
    with _place(config.directory, evaluator.is_first), evaluator.together():
        try:
            return _evaluate(config, evaluator, world, command, origin)
        except SharedError:
            if evaluator.is_first:
                raise
            return None  # the first rank tells it


@contextmanager
def _place(directory: Path, is_first: bool) -> Iterator[None]:
    """For the result and for finished batches; the first rank makes it, sees that it has it for itself, and tidies up."""
    if not is_first:
        yield
        return
    with made(directory), locked(directory):
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            kept = any((directory / UNFINISHED).glob("*/*/*.safetensors"))
            said = "finished batches are kept, and the same command goes on from there" if kept else "nothing was finished yet"
            print(f"\nstopped; {said}", file=sys.stderr)
            raise
        finally:
            (directory / "lock").unlink(missing_ok=True)


def _is_launched() -> bool:
    """Whether others started this process and its like."""
    return any(name in os.environ for name in ("TORCHELASTIC_RUN_ID", "SLURM_NTASKS"))


def tell_ranks(error: ValueError) -> None:
    """Where others started this process and its like, they learn of a mistake in the settings."""
    if _is_launched():
        from tldr_search.evaluate import tell_ranks as tell

        tell(error)


def _evaluate(config: EvaluateConfig, evaluator: Evaluator, world: World, command: str, origin: str | None) -> Row | None:
    from tldr_search import card

    cost, evaluated = _reduction(config)
    split = evaluator.annotated(config.measured_split)
    made_with = identity.of_evaluation(config, split, evaluated)
    card.check_place(config.directory, made_with)
    kept = config.directory / UNFINISHED / stamp(made_with)
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
