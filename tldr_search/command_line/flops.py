"""`flops`."""

from __future__ import annotations

import argparse

from tldr_search import commands, show
from tldr_search.command_line.parsing import add_reduction, print_json, scheduled


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    add_reduction(parser)
    parser.add_argument("--verify", action="store_true", help="count with fvcore on the module, too")


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    row = commands.flops(options.model, options.method, scheduled(options.schedule), options.frames, options.verify)
    if options.json:
        print_json(row)
    else:
        print(show.flops(row))
