"""`report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tldr_search import commands
from tldr_search.command_line.parsing import filled, filled_path, print_json, whole

MEASURING = ("precision", "batch_size", "turns")


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "runs", nargs="+", type=filled_path, metavar="RUN", help="directory of a run; several: one report that compares them"
    )
    parser.add_argument(
        "--out", type=filled_path, help="directory for the report; by default the run's own, of several runs/comparison-..."
    )
    parser.add_argument("--speed", action="store_true", help="measure speed and memory of the winners on this machine first")
    parser.add_argument("--precision", type=filled, help="with --speed: fp32 (by default), bf16 or (on a GPU) fp16")
    parser.add_argument("--batch-size", type=whole, help="with --speed: clips at a time (1)")
    parser.add_argument("--turns", type=whole, help="with --speed: how often every model is run (5)")


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    measuring = _measuring(options)
    if options.out is not None:
        options.out = options.out.expanduser()
    if len(options.runs) > 1:
        _several(options)
        return
    path = options.runs[0]
    if commands.is_ablation(path):
        _ablation(options, path)
        return
    from tldr_search.report import main_paths, screen_table

    result, paths = commands.report(path, options.out, measuring)
    if options.json:
        print_json(commands.study_summary(result, path))
    else:
        print("\n" + screen_table(result) + "\n\n" + "\n".join(map(str, main_paths(paths))))


def _ablation(options: argparse.Namespace, path: Path) -> None:
    from tldr_search.report.ablation import screen

    if options.speed:
        raise ValueError(f"--speed with {path}, which is an ablation; the directory of a study would be accepted")
    result, paths = commands.report_ablation(path, options.out)
    if options.json:
        print_json(commands.ablation_summary(result, path))
    else:
        print("\n" + screen(result) + "\n\n" + "\n".join(map(str, paths)))


def _several(options: argparse.Namespace) -> None:
    from tldr_search.report.several import screen

    comparison, paths = commands.compare(options.runs, options.out)
    if options.json:
        print_json(commands.comparison_summary(comparison))
    else:
        print("\n" + screen(comparison) + "\n\n" + "\n".join(map(str, paths)))


def _measuring(options: argparse.Namespace) -> commands.Measuring | None:
    """How to measure; None if nothing is to be measured; `ValueError` for options that would have no effect."""
    given = {name: value for name in MEASURING if (value := getattr(options, name)) is not None}
    if not options.speed:
        for name, value in given.items():
            raise ValueError(f"--{name.replace('_', '-')} {value} without --speed; both, or neither, would be accepted")
        return None
    if len(options.runs) > 1:
        raise ValueError(f"--speed with {len(options.runs)} runs; one run at a time would be accepted")
    return commands.Measuring(**given)
