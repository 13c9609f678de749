"""`report`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tldr_search import commands
from tldr_search.command_line.parsing import print_json, subcommand


def add(subparsers: Any) -> None:
    """The subcommand."""
    parser = subcommand(subparsers, "report", run, "write the report of a finished run again")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="directory of a run")
    parser.add_argument("--out", type=Path, help="directory for the report; by default the run's own")


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    from tldr_search.report import screen_table

    if options.out and len(options.runs) > 1:
        raise ValueError(f"--out {options.out} with {len(options.runs)} runs; one run would be accepted, or no --out")
    summaries = []
    for path in options.runs:
        result, paths = commands.report(path, options.out)
        summaries.append(commands.study_summary(result, path))
        if not options.json:
            print("\n" + screen_table(result) + "\n\n" + "\n".join(map(str, paths)))
    if options.json:
        print_json(summaries[0] if len(summaries) == 1 else {"runs": summaries})
