"""Compares searchers on the surrogate: 20 seeds (of searcher and noise), three methods at two budgets, medians and quartiles in one table.

    python studies/searchers/compare.py [--jobs 2] [--seeds 20] [--json FILE] [--searchers "NAME;..."]

What is counted are video passes: an evaluation on all videos of the search split is 1, one that is stopped after a quarter 0.25, a probe
0.125. *Regret*: the best known true quality on the budget, less that of the schedule that the searcher would choose now, in points.
Searchers choose the highest score that they were shown within the budget; ours the highest that its model expects. *Hypervolume*: below
the front of true quality against GFLOPs of everything that was evaluated, above 50 points and between the budget and the unreduced cost,
in per cent of that rectangle; a schedule that is cheaper than the budget counts from the budget on. *Off budget*: evaluations above the
budget, or more than 0.2 % below it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
from contenders import EXTRA, SEARCHERS, Step, World
from surrogate import METHODS, Surrogate, ground
from tqdm import tqdm

from tldr_search.schedule import Schedule
from tldr_search.study.budget import TOLERANCE, OnBudget, UnreachableError, repair
from tldr_search.study.space import known_shapes
from tldr_search.study.trajectory import Curves

BUDGETS = (125.0, 180.0)
PASSES, ATS = 60, (10, 20, 50)
FLOOR = 50.0

Pair = tuple[str, float]


class Measured(NamedTuple):
    """One run."""

    regret: dict[int, float]
    until: float
    """Passes until the choice is within a point; infinite if never."""
    hypervolume: dict[int, float]
    off_budget: float


@cache
def world(method: str, budget: float) -> World:
    """Made once per process."""
    return World(Surrogate(method), ground(method), budget)


def run(searcher: str, method: str, budget: float, seed: int, best: float) -> Measured:
    """`PASSES` video passes of a searcher."""
    here = world(method, budget)
    assert isinstance(here.evaluator, Surrogate)
    here = here._replace(evaluator=here.evaluator.lucky(seed))
    steps = list(itertools.takewhile(lambda step: step.passes <= PASSES, (SEARCHERS | EXTRA)[searcher](here, seed)))
    return judge(steps, here, best)


def judge(steps: Sequence[Step], here: World, best: float) -> Measured:
    """`best`: the best known quality on the budget."""
    qualities = here.evaluator.quality([step.evaluated for step in steps])
    known = dict(zip([step.evaluated for step in steps], qualities.tolist(), strict=True))
    regrets = [best - known[step.choice] if step.choice else best - FLOOR for step in steps]
    spent = np.array([step.passes for step in steps])
    return Measured(
        {at: float(regrets[int((spent <= at).sum()) - 1]) if spent[0] <= at else best - FLOOR for at in ATS},
        next((float(p) for p, regret in zip(spent, regrets, strict=True) if regret <= 1), np.inf),
        {at: _hypervolume([(s.gflops, known[s.evaluated]) for s in steps if s.passes <= at], here) for at in ATS[1:]},
        float(np.mean([not here.budget * (1 - TOLERANCE) < step.gflops <= here.budget for step in steps])),
    )


def _hypervolume(points: Sequence[tuple[float, float]], here: World) -> float:
    area, height, left = 0.0, 0.0, here.budget * (1 - TOLERANCE)
    width = here.ground.base - left
    for gflops, quality in sorted((max(gflops, left), quality) for gflops, quality in points):
        area += height * (gflops - left)
        left, height = gflops, max(height, quality - FLOOR)
    return 100 * (area + height * (here.ground.base - left)) / ((100 - FLOOR) * width)


def best_known(method: str, budget: float, rounds: int = 60, seed: int = 0) -> float:
    """True quality, in points: a long search over the surrogate itself, with steps that shrink."""
    here, surrogate, curves, rng = world(method, budget), Surrogate(method), Curves(ground(method)), np.random.default_rng(seed)
    shapes = known_shapes(here.ground.method, here.ground.source)
    shares = np.concatenate([rng.standard_gamma(0.3, (400, here.ground.slots)) + 1e-9, np.array(list(shapes.values()))])
    good: dict[Schedule, tuple[float, OnBudget]] = {}
    for step in np.geomspace(0.4, 0.01, rounds):
        rough = surrogate.quality_at(np.exp(-curves.scaled(shares, budget) / 2))
        for row in shares[np.argsort(-rough)[:12]]:
            try:
                on_budget = repair(row.tolist(), budget, here.ground)
            except UnreachableError:
                continue
            good[on_budget.evaluated] = (float(here.evaluator.quality([on_budget.evaluated])[0]), on_budget)
        top = sorted(good.values(), key=lambda pair: -pair[0])[:8]
        parents = np.sqrt(np.array([on_budget.schedule for _, on_budget in top], float)[rng.integers(len(top), size=400)])
        moves = step * parents.max(axis=1, keepdims=True) * rng.normal(size=parents.shape) * (rng.random(parents.shape) < 0.4)
        shares = np.abs(parents + moves) ** 2
    return max(quality for quality, _ in good.values())


# the table


def table(runs: Mapping[str, Sequence[Measured]]) -> str:
    """One row per searcher, over all runs: median [quartiles]."""
    head = ["searcher", *(f"regret at {at}" for at in ATS), "passes to 1 point", *(f"hypervolume {at}" for at in ATS[1:]), "off budget"]
    rows = [head]
    for name, found in runs.items():
        columns = [[m.regret[at] for m in found] for at in ATS] + [[m.until for m in found]]
        columns += [[m.hypervolume[at] for m in found] for at in ATS[1:]]
        rows.append([name, *map(_quartiles, columns), f"{100 * np.mean([m.off_budget for m in found]):.0f} %"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _quartiles(values: Sequence[float]) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], method="nearest")
    shown = [f"{abs(v) if round(v, 1) == 0 else v:.1f}" if np.isfinite(v) else f">{PASSES}" for v in (middle, low, high)]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _one(job: tuple[str, str, float, int, float]) -> Measured:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return run(*job)


def compare(names: Sequence[str], seeds: int, jobs: int, pairs: Sequence[Pair]) -> dict[Pair, dict[str, list[Measured]]]:
    """Every searcher at every pair with every seed."""
    with ProcessPoolExecutor(jobs) as pool:
        best = dict(zip(pairs, pool.map(best_known, *zip(*pairs, strict=True)), strict=True))
        work = [(name, *pair, seed, best[pair]) for seed in range(seeds) for name in names for pair in pairs]
        done = list(tqdm(pool.map(_one, work), total=len(work), unit="run", file=sys.stderr))
    found: dict[Pair, dict[str, list[Measured]]] = {pair: {name: [] for name in names} for pair in pairs}
    for (name, method, budget, _, _), measured in zip(work, done, strict=True):
        found[method, budget][name].append(measured)
    return found


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--json", type=Path, help="where to keep every figure")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--searchers", default=";".join(SEARCHERS), help=f"separated by ;, of {'; '.join(SEARCHERS | EXTRA)}")
    arguments = parser.parse_args()
    start, pairs = time.perf_counter(), [(method, budget) for method in arguments.methods.split(",") for budget in BUDGETS]
    found = compare(arguments.searchers.split(";"), arguments.seeds, arguments.jobs, pairs)
    for (method, budget), runs in found.items():
        print(f"\n{method} at {budget:g} GFLOPs\n{table(runs)}")
    names = arguments.searchers.split(";")
    print(f"\nall of these\n{table({name: [m for runs in found.values() for m in runs[name]] for name in names})}")
    print(f"\n{arguments.seeds} seeds; {time.perf_counter() - start:.0f} s")
    if arguments.json:
        kept = {f"{method}@{budget:g}": {k: [m._asdict() for m in v] for k, v in runs.items()} for (method, budget), runs in found.items()}
        arguments.json.write_text(json.dumps(kept))


if __name__ == "__main__":
    main()
