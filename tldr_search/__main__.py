"""The command line: subcommands are files of `command_line`, what they do are typed functions of `commands`.

Exit status 0: done. 2: the user's mistake, in one line. 130: interrupted (Ctrl-C); the same command resumes a study. 1: anything
else. `--json` prints one JSON object as the last line of standard output; progress goes to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import tldr_search
from tldr_search.command_line.parsing import Parser
from tldr_search.mistakes import Failed, is_mistake
from tldr_search.tasks.ranks import RankFailedError

if TYPE_CHECKING:
    from argparse import Namespace

COMMANDS = {
    "study": "search the schedules that reach a budget",
    "evaluate": "measure one schedule",
    "report": "write the report of a finished run again, or of several runs in one",
    "visualize": "show on the frames of clips what schedules remove, and what the model attends to",
    "ablate": "where tokens leave, what tells them apart, which shape: as the papers' ablations, on your model",
    "export": "write an encoder with its schedule to a file that runs without this package",
    "flops": "what a schedule costs, layer by layer",
    "bench": "speed and memory of a schedule, beside the unreduced model",
    "check": "find every problem of a config: checkpoint, annotations, videos",
    "list": "what there is",
}
"""Each is a module of `command_line`, which is imported when it is asked for."""
RUNS = "runs"
"""Where runs go, if the user says nothing else."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser(arguments).parse_args(arguments)
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
    except Failed as error:
        print(f"tldr_search {options.command}: {error}", file=sys.stderr)
        return 1
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
    values = [
        vars(options).get(name) for name in ("config", "checkpoint", "out", "data", "annotations", "videos", "classes", "best", "schedule")
    ]
    paths = [
        Path(value).resolve() for value in [*values, *vars(options).get("runs", ()), *(vars(options).get("video") or ()), RUNS] if value
    ]
    return any(about.is_relative_to(path) or path.is_relative_to(about) for path in paths)


def parser(arguments: Sequence[str]) -> Parser:
    """Knows all commands, and the options of the one that is asked for."""
    found = Parser(prog="tldr_search", description="Search per-layer token-reduction schedules of video transformers.")
    found.add_argument("--version", action="version", version=f"tldr_search {tldr_search.__version__}")
    subparsers = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command = subparsers.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == asked:
            command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
            module = import_module(f"tldr_search.command_line.{name}")
            command.set_defaults(run=module.run)
            module.add(command)
    return found


if __name__ == "__main__":
    sys.exit(main())
