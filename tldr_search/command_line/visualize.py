"""`visualize`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from tldr_search import commands
from tldr_search.command_line.parsing import add_fields, chosen_fields, filled, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "config",
        nargs="?",
        type=filled,
        metavar="CONFIG",
        help="study or evaluation (YAML) of whose clips; without it the embedded default",
    )
    add_fields(parser, "VisualizeConfig", several=("video",))


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    from tldr_search import config

    found = commands.visualize(config.to_visualize(options.config, **chosen_fields(options, config.VisualizeConfig)))
    if options.json:
        print_json(found)
    else:
        print("\n".join(_told(found)))


def _told(found: dict[str, Any]) -> Iterator[str]:
    """A line for each clip and method, then what was left out, then the files."""
    from tldr_search.report.words import cost_text, method_name, schedule_text

    unit = f"{found['unit']}s" if found["unit"] == "cell" else "tokens"
    yield f"{found['model']}, unreduced: {found['tokens']} {unit}, {cost_text(found['base_gflops'])} GFLOPs ({found['cost_model']})"
    for clip in found["clips"]:
        yield f"{clip['video']}: {clip['caption']}" if clip["caption"] else clip["video"]
        for row in clip["reductions"]:
            left = f"{row['tokens']} of {found['tokens']} {unit} left"
            yield f"  {method_name(row['method'])} {schedule_text(row['schedule'])}: {left}, {cost_text(row['gflops'])} GFLOPs"
    for excluded in found["excluded"]:
        yield f"not shown: {excluded['video']} ({excluded['reason']})"
    yield from found["files"]
