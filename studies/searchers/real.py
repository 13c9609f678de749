"""Confirms on the demo's real model what `compare.py` says: ours, Optuna's TPE on counts, and the published shapes; 3 seeds each.

    python studies/searchers/real.py WORK [--seeds 3] [--passes 20]     evaluations are kept in WORK; an interrupted run goes on

Searchers see the search split. They are judged by what their choices score on the report split (300 clips): its standard error is about 2
points. Unlike on the surrogate, the true best is not known.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import optuna
from contenders import SEARCHERS, Floats, World
from surrogate import METHODS, ground
from tqdm import tqdm

from tldr_search.config import default_study
from tldr_search.evaluate import Evaluator
from tldr_search.schedule import Schedule
from tldr_search.scores import Request

NAMES = ("ours", "published shapes", "TPE, counts")
BUDGETS = (125.0, 180.0)
AT = (5, 10, 20)


class Demo:
    """One method on the embedded model."""

    def __init__(self, method: str, work: Path, measure: Evaluator) -> None:
        config = default_study()
        self._method, self._work, self._measure = method, work, measure
        self._search, self._report = config.search_split, config.report_split

    def outcomes(self, schedule: Schedule, part: float, objective: str = "t2v_r1") -> Floats:
        """On the search split."""
        return self._kept(Request(self._method, schedule, self._search, objective, part))

    def quality(self, schedules: Sequence[Schedule]) -> Floats:
        """On the report split, in points."""
        requests = [Request(self._method, schedule, self._report, "t2v_r1") for schedule in schedules]
        return np.array([100 * self._kept(request).mean() for request in requests])

    def _kept(self, request: Request) -> Floats:
        name = "-".join(map(str, request.schedule))
        path = self._work / request.method / f"{request.split}_{request.objective}_{request.part:g}_{name}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(self._measure(request).outcomes))
            partial.replace(path)
        outcomes: Floats = np.array(json.loads(path.read_text()))
        return outcomes


def choices(searcher: str, here: World, seed: int, passes: int) -> dict[int, Schedule]:
    """What would be chosen after so many video passes; empty where nothing is within the budget yet."""
    steps = list(itertools.takewhile(lambda step: step.passes <= passes, SEARCHERS[searcher](here, seed)))
    found = {at: [step.choice for step in steps if step.passes <= at and step.choice is not None] for at in AT if at <= passes}
    return {at: chosen[-1] for at, chosen in found.items() if chosen}


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=20)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--budgets", default=",".join(f"{budget:g}" for budget in BUDGETS))
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    measure = Evaluator(default_study())
    jobs = list(itertools.product(arguments.methods.split(","), map(float, arguments.budgets.split(",")), NAMES, range(arguments.seeds)))
    lines = []
    for method, budget, name, seed in tqdm(jobs, unit="run", file=sys.stderr):
        demo = Demo(method, arguments.work, measure)
        chosen = choices(name, World(demo, ground(method), budget), seed, arguments.passes)
        shown = "  ".join(f"{at} passes: {demo.quality([schedule])[0]:.1f}" for at, schedule in chosen.items())
        lines.append(f"{method:9s} {budget:g} GFLOPs  {name:17s} seed {seed}  {shown}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
