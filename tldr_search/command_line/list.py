"""`list`."""

from __future__ import annotations

import argparse

from tldr_search import listing, show
from tldr_search.command_line.parsing import print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("what", metavar="|".join(listing.LISTS))


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    rows = listing.list_(options.what)
    if options.json:
        print_json({options.what: rows})
    else:
        print(show.listing(options.what, rows))
