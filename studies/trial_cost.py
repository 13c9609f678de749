"""What a study of 60 trials costs beside 60 evaluations one by one, on the demo: some minutes on two cores.

    python studies/trial_cost.py [--processes 6] [--json]

The 60 are what a study asks for: 24 probes of single layers on an eighth of the search split (in whole batches), and 36 schedules on a
budget of 180 GFLOPs, 12 for each method, each part by part and stopped when it is significantly worse than the best of its method. They
go through one `Evaluator`, in a process of their own that is timed from its start. Of the same schedules, some of those on the budget are
each evaluated by `python -m tldr_search evaluate` on the same split; their mean stands for all 60. Before anything is timed the videos are
decoded once, so that neither side decodes. Wall time says what a user waits for; CPU time is less moved by what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from tldr_search.config import default_study
from tldr_search.cost import CostModel
from tldr_search.scores import Evaluation, Measure, Request, in_order
from tldr_search.study import racing, sensitivity
from tldr_search.study.budget import Ground, UnreachableError, repair
from tldr_search.study.space import known_shapes

METHODS, PROBED = ("vid-tldr", "tome", "sta"), ("vid-tldr", "tome")
BUDGET, PER_METHOD = 180.0, 12
PARTS, ALPHA = (0.25, 0.5), 0.05
SEARCH = "search"


class Seconds(NamedTuple):
    """Of processes."""

    wall: float
    cpu: float


def ground(method: str) -> Ground:
    """The demo's: counted for umt-b, evaluated on umt-mini."""
    config = default_study()
    return Ground(CostModel(config.counted, method), config.evaluated.geometry)


def probes() -> list[Request]:
    """One per layer and method, in an order in which they share most."""
    found = [(method, probe.evaluated) for method in PROBED for probe in sensitivity.probes(ground(method))]
    return in_order(Request(method, schedule, SEARCH, "fidelity", sensitivity.PART) for method, schedule in found)


def on_budget(method: str) -> list[Request]:
    """Known shapes, then neighbours of the first of them: what a search asks for."""
    rng, there = np.random.default_rng(0), ground(method)
    shapes = list(known_shapes(there.method, there.source).values())

    def shares() -> Iterator[tuple[float, ...]]:
        yield from shapes
        while True:
            yield tuple((np.sqrt(shapes[0]) + 0.1 * rng.random(there.slots)) ** 2)

    found: dict[tuple[int, ...], None] = {}
    for some in shares():
        with suppress(UnreachableError):
            found[repair(some, BUDGET, there).evaluated] = None
        if len(found) == PER_METHOD:
            return [Request(method, schedule, SEARCH, "t2v_r1") for schedule in found]
    raise AssertionError


def race(measure: Measure, requests: Sequence[Request]) -> int:
    """-> how many are measured to the end."""
    levels, best, whole = racing.spend(ALPHA, PARTS), dict[float, Evaluation](), 0
    for request in requests:
        found: dict[float, Evaluation] = {}
        for part, level in zip((*PARTS, 1.0), (*levels, 0.0), strict=True):
            found[part] = measure(request._replace(part=part))
            if part < 1 and best and racing.worse(found[part].outcomes, best[part].outcomes, level, found[part].counts):
                break
        else:
            whole += 1
            if not best or found[1.0].score > best[1.0].score:
                best = found
    return whole


def together() -> dict[str, int]:
    """All 60 in this process."""
    from tldr_search.evaluate import Evaluator

    config = default_study()
    evaluator = Evaluator(config, seed=config.seed)
    for request in (asked := probes()):
        evaluator(request)
    whole = sum(race(evaluator, on_budget(method)) for method in METHODS)
    evaluator.close()
    return {"probes": len(asked), "whole": whole, "trials": len(asked) + PER_METHOD * len(METHODS)}


def evaluate(request: Request) -> Seconds:
    """In a process of its own, of the same schedule in the same counts."""
    with tempfile.TemporaryDirectory() as out:
        schedule = ",".join(map(str, request.schedule))
        words = ["--model", "umt-mini", "--split", request.split, "--method", request.method, "--schedule", schedule]
        return timed(
            [sys.executable, "-m", "tldr_search", "evaluate", *words, "--batch-size", str(default_study().batch_size), "--out", out]
        )[0]


def timed(command: list[str]) -> tuple[Seconds, str]:
    """-> what it took, and what it printed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Seconds(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), said


def main() -> None:
    """Prints one table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=6, help="evaluations one by one that are timed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--together", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.together:
        print(json.dumps(together()))
        return
    chosen = [request for method in METHODS for request in on_budget(method)]
    evaluate(chosen[0])  # decodes
    single = [evaluate(chosen[i]) for i in np.linspace(0, len(chosen) - 1, given.processes).astype(int)]
    study, said = timed([sys.executable, __file__, "--together"])
    counts = json.loads(said)
    mean = Seconds(*np.mean(single, axis=0).tolist())
    apart = Seconds(mean.wall * counts["trials"], mean.cpu * counts["trials"])
    shares = Seconds(study.wall / apart.wall, study.cpu / apart.cpu)
    if given.json:
        print(
            json.dumps(counts | {"single": mean._asdict(), "study": study._asdict(), "apart": apart._asdict(), "share": shares._asdict()})
        )
        return
    print(
        f"{counts['trials']} trials: {counts['probes']} probes, {counts['whole']} schedules measured to the end, the others stopped early"
    )
    print(f"{'':32}{'wall s':>10}{'CPU s':>10}")
    for name, (wall, cpu) in (
        (f"one evaluation (mean of {given.processes})", mean),
        (f"{counts['trials']} of them", apart),
        ("one study", study),
    ):
        print(f"{name:32}{wall:10.1f}{cpu:10.1f}")
    print(f"{'share':32}{shares.wall:10.3f}{shares.cpu:10.3f}")


if __name__ == "__main__":
    main()
