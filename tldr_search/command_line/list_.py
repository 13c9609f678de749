"""`list`."""

from __future__ import annotations

import argparse
from typing import Any

from tldr_search import listing, show
from tldr_search.command_line.parsing import print_json, subcommand


def add(subparsers: Any) -> None:
    """The subcommand."""
    parser = subcommand(subparsers, "list", run, "what there is")
    parser.add_argument("what", metavar="|".join(listing.LISTS))


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    rows = listing.list_(options.what)
    if options.json:
        print_json({options.what: rows})
    else:
        print(show.listing(options.what, rows))
