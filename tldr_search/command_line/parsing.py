"""What the subcommands share: parsing of options, and printing for programs."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tldr_search.winners import Scheduled

ALIASES = {"methods": ["--method"]}
"""Other names of options."""


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit status 2."""
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def command_text() -> str:
    """What was typed."""
    return shlex.join(["python", "-m", "tldr_search", *sys.argv[1:]])


def add_reduction(parser: argparse.ArgumentParser) -> None:
    """A model, and what to remove from it."""
    parser.add_argument("model", metavar="MODEL", nargs="?", help="see `list models`; with a best.yaml by default the model that it counts")
    parser.add_argument("--method", default="none", help="see `list methods`; options follow, as in tome:metric=features")
    counts = "tokens removed per layer (per group and stage for STA), e.g. 600,200,100, or the best.yaml of a study"
    parser.add_argument("--schedule", default="", help=counts)
    parser.add_argument("--frames", type=whole, help="frames per clip, if not the model's own")


def scheduled(text: str) -> Scheduled:
    """A schedule as numbers, or the `best.yaml` that says it."""
    from tldr_search.schedule import parse_schedule
    from tldr_search.winners import is_file

    if is_file(text):
        return Path(text).expanduser()
    return parse_schedule(text) if text else ()


def add_fields(parser: argparse.ArgumentParser, kind: str, several: Sequence[str] = (), without: Sequence[str] = ()) -> None:
    """One option per field of a config, `without` some; only those that are given replace what the config says.

    `several`: lists, given one by one.
    """
    from tldr_search import config

    parser.epilog = "In brackets: what holds where neither the command line nor a CONFIG says it."
    defaults = config.default_texts(getattr(config, kind))
    for field, text in config.help_texts(getattr(config, kind)).items():
        text += f" [{defaults[field]}]" if field in defaults else ""
        names = [*ALIASES.get(field, []), f"--{field.replace('_', '-')}"]
        if field in without:
            continue
        if field in several:
            parser.add_argument(*names, dest=field, action="append", default=argparse.SUPPRESS, help=_help(f"{text} Give several."))
            continue
        if config.is_switch(getattr(config, kind), field):
            parser.add_argument(*names, dest=field, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=_help(text))
            continue
        numbers = {whole: config.is_number, number: config.is_real}
        parse = next((parse for parse, holds in numbers.items() if holds(getattr(config, kind), field)), str)
        parser.add_argument(*names, dest=field, type=parse, default=argparse.SUPPRESS, help=_help(text))


def _help(text: str) -> str:
    return text.replace("%", "%%")


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; a whole number would be accepted") from None


def number(text: str) -> float:
    """A number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; a number would be accepted") from None


def chosen_fields(options: argparse.Namespace, kind: type) -> dict[str, Any]:
    """The fields of a config that were given."""
    import dataclasses

    given = vars(options)
    return {field.name: given[field.name] for field in dataclasses.fields(kind) if field.name in given}


def print_json(value: object) -> None:
    """One object, on a line of its own."""
    print(json.dumps(value))
