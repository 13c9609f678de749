"""`ablate`."""

from __future__ import annotations

import argparse

from tldr_search import commands
from tldr_search.command_line.parsing import add_fields, chosen_fields, command_text, filled, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("what", metavar="where|informativeness|shape", help="one layer at a time; what is pruned or merged; known shapes")
    parser.add_argument(
        "config",
        nargs="?",
        type=filled,
        metavar="CONFIG",
        help="evaluation (YAML) whose model and data are used; without it the embedded default",
    )
    add_fields(parser, "AblationConfig", without=("what",))


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    from tldr_search import config as configs
    from tldr_search.report.ablation import screen
    from tldr_search.study.progress import Bar

    config = configs.to_ablate(options.config, **chosen_fields(options, configs.AblationConfig))
    result, paths = commands.ablate(config, command_text(), Bar("ablate"))
    if options.json:
        print_json(commands.ablation_summary(result, config.directory))
    else:
        print("\n" + screen(result) + "\n\n" + "\n".join(map(str, paths)))
