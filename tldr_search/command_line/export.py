"""`export`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tldr_search import commands, show
from tldr_search.command_line.parsing import filled, filled_path, print_json, scheduled, whole


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("best", nargs="?", type=filled, metavar="BEST", help="best.yaml of a study")
    parser.add_argument("--out", required=True, type=filled_path, help="the file; .pt2 for torch.export, .onnx for ONNX")
    parser.add_argument("--checkpoint", type=filled, help="weights: a file, a Hugging Face directory or hub id, or random")
    parser.add_argument("--method", type=filled, help="see `list methods`; by default the best one of BEST")
    parser.add_argument("--schedule", default="", help="instead of BEST, e.g. 600,200,100, with --model and --method")
    parser.add_argument("--model", type=filled, help="see `list models`; by default the one that BEST was evaluated on")
    parser.add_argument("--frames", type=whole, help="frames per clip, if not the model's own")
    parser.add_argument("--num-classes", type=whole, help="classes that the checkpoint tells apart, if not the model's own")
    parser.add_argument("--batch-size", type=whole, default=1, help="clips at a time; the file takes no other number")
    parser.add_argument(
        "--check", action=argparse.BooleanOptionalAction, default=True, help="whether to compare the file with the model on random clips"
    )


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    if options.best and options.schedule:
        raise ValueError(f"{options.best} with --schedule {options.schedule}; one of them would be accepted")
    schedule = Path(options.best).expanduser() if options.best else scheduled(options.schedule)
    what = (options.method, options.model, options.checkpoint, options.frames, options.num_classes)
    found = commands.export(options.out.expanduser(), schedule, *what, options.batch_size, options.check, _tell)
    if options.json:
        print_json(found)
    else:
        print(show.exported(found))


def _tell(line: str) -> None:
    print(f"{line} ...", file=sys.stderr, flush=True)
