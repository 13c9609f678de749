"""The command line: subcommands are files of `command_line`, what they do are typed functions of `commands`.

Exit status 0: done. 2: the user's mistake, in one line. 130: interrupted (Ctrl-C); the same command resumes a study. 1: anything
else. `--json` prints one JSON object as the last line of standard output; progress goes to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tldr_search
from tldr_search.command_line import bench, check, evaluate, flops, list_, report, study
from tldr_search.command_line.parsing import Parser
from tldr_search.mistakes import is_mistake
from tldr_search.tasks.ranks import RankFailedError

if TYPE_CHECKING:
    from argparse import Namespace

COMMANDS = (study, evaluate, report, flops, bench, check, list_)
RUNS = "runs"
"""Where runs go, if the user says nothing else."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    run: Callable[[Namespace], None] = options.run
    try:
        run(options)
    except ValueError as error:
        if not is_mistake(error):
            raise
        print(f"tldr_search {options.command}: {error}", file=sys.stderr)
        return 2
    except RankFailedError as error:
        print(f"tldr_search {options.command}: {error}", file=sys.stderr)
        return 2 if error.is_mistake else 1
    except (KeyboardInterrupt, SystemExit):  # Lightning turns the one into the other
        if options.command == "evaluate":
            print("\nstopped; finished batches are kept, and the same command goes on from there", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody to tell
        return 1
    except OSError as error:
        if not _given(error, options):
            raise
        print(f"tldr_search {options.command}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _given(error: OSError, options: Namespace) -> bool:
    """Whether it is about a path that the user gave, about what lies in it or on the way to it."""
    if not isinstance(error.filename, str | os.PathLike):
        return False
    about = Path(error.filename).resolve()
    values = [vars(options).get(name) for name in ("config", "checkpoint", "out", "data", "annotations", "videos", "classes")]
    paths = [Path(value).resolve() for value in [*values, *vars(options).get("runs", ()), RUNS] if value]
    return any(about.is_relative_to(path) or path.is_relative_to(about) for path in paths)


def _parser() -> Parser:
    parser = Parser(prog="tldr_search", description="Search per-layer token-reduction schedules of video transformers.")
    parser.add_argument("--version", action="version", version=f"tldr_search {tldr_search.__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
