"""`check`."""

from __future__ import annotations

import argparse

from tldr_search.command_line.parsing import filled, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "config", nargs="?", type=filled, metavar="CONFIG", help="study or evaluation (YAML); without it the embedded default"
    )
    parser.add_argument("--data", type=filled, help="root of annotations/, videos/ and checkpoints/")


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    from tldr_search.check import problems

    found = problems(options.config, **({"data": options.data} if options.data else {}))
    if options.json:
        print_json({"problems": found})
    else:
        print("\n".join(found) or "no problem found")
    if found:
        raise ValueError(f"{len(found)} problem{'s' * (len(found) > 1)} in {options.config or 'the embedded default'}")
