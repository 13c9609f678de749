"""`flops`."""

from __future__ import annotations

import argparse
from typing import Any

from tldr_search import commands, show
from tldr_search.command_line.parsing import add_reduction, print_json, subcommand


def add(subparsers: Any) -> None:
    """The subcommand."""
    parser = subcommand(subparsers, "flops", run, "what a schedule costs, layer by layer")
    add_reduction(parser)
    parser.add_argument("--verify", action="store_true", help="count with fvcore on the module, too")


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    from tldr_search.schedule import parse_schedule

    schedule = parse_schedule(options.schedule) if options.schedule else ()
    row = commands.flops(options.model, options.method, schedule, options.frames, options.verify)
    if options.json:
        print_json(row)
    else:
        print(show.flops(row))
