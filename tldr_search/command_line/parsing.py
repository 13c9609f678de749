"""What the subcommands share: parsing of options, and printing for programs."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tldr_search.names import brief
from tldr_search.schedule import LARGEST

if TYPE_CHECKING:
    from tldr_search.winners import Scheduled

ALIASES = {"methods": ["--method"]}
"""Other names of options."""


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit status 2."""
        if message.endswith("expected one argument"):  # argparse takes -60% for an option
            message += "; one that begins with - is joined on, as in --option=-1"
        self.exit(2, f"{self.prog}: {message}{'' if message.endswith('?') else ';'} see --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """A subcommand refuses itself what it does not know: it is the one that can say what it does know."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            known = re.findall(r"--[a-z][\w-]*", self.format_help())
            words = [word.partition("=")[0] for word in unknown if word.startswith("-")]
            close = dict.fromkeys(name for word in words for name in get_close_matches(word, known, n=1))
            meant = f"; did you mean {' and '.join(close)}?" if close else ""
            self.error(f"unrecognized arguments: {brief(' '.join(unknown))[1:-1]}{meant}")
        return found, unknown


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
            parser.add_argument(
                *names, dest=field, action="append", default=argparse.SUPPRESS, help=_help(f"{text} May be given several times.")
            )
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
    """A whole number that is not huge."""
    try:
        found = int(text)
    except ValueError:  # of text, or of more digits than Python reads
        raise argparse.ArgumentTypeError(f"{brief(text)}; a whole number up to {LARGEST} would be accepted") from None
    if abs(found) > LARGEST:
        raise argparse.ArgumentTypeError(f"{brief(found)}; a whole number up to {LARGEST} would be accepted")
    return found


def number(text: str) -> float:
    """A number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{brief(text)}; a number would be accepted") from None


def filled(text: str) -> str:
    """A name or a path, which is never empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is empty; a name or a path would be accepted")
    return text


def filled_path(text: str) -> Path:
    """Likewise, as a path."""
    return Path(filled(text))


def chosen_fields(options: argparse.Namespace, kind: type) -> dict[str, Any]:
    """The fields of a config that were given."""
    import dataclasses

    given = vars(options)
    return {field.name: given[field.name] for field in dataclasses.fields(kind) if field.name in given}


def print_json(value: object) -> None:
    """One object, on a line of its own."""
    print(json.dumps(value))
