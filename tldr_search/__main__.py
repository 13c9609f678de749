"""The command line: subcommands are files of `command_line`, what they do are typed functions of `commands`.

Exit status 0: done. 2: the user's mistake, in one line. 130: interrupted (Ctrl-C), 143: ended (SIGTERM); the same command resumes a
study. 1: anything else. `--json` prints one JSON object as the last line of standard output; progress goes to standard error.
"""

from __future__ import annotations

import io
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import NoReturn

import tldr_search
from tldr_search.command_line.failures import told
from tldr_search.command_line.parsing import Parser

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
ENDED = 128 + signal.SIGTERM
"""Exit status, as of any program that the signal ends."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that a terminal cannot show is no reason to fail after hours of work
            stream.reconfigure(errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser(arguments).parse_args(arguments)
    try:
        with _ended_in_order():
            options.run(options)
            sys.stdout.flush()  # now, while what goes wrong can still be told
    except (KeyboardInterrupt, SystemExit) as stop:  # Lightning turns the one into the other
        return ENDED if isinstance(stop, SystemExit) and stop.code == ENDED else 130
    except BrokenPipeError:
        with suppress(OSError):  # whoever read our output has gone; there is nobody to tell
            sys.stdout.close()
        sys.stderr.close()
        return 1
    except Exception as error:
        found = told(error, options)
        if found is None:
            raise
        status, line = found
        print(f"tldr_search {options.command}: {line}", file=sys.stderr)
        return status
    return 0


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Asked to end, a command tidies up, and gives up what it was at so that other workers need not wait for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


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
