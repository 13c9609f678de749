"""`study`."""

from __future__ import annotations

import argparse

from tldr_search import commands, show
from tldr_search.command_line.parsing import add_fields, chosen_fields, command_text, filled, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("config", nargs="?", type=filled, metavar="CONFIG", help="study definition (YAML); without it the embedded default")
    parser.add_argument("--dry-run", action="store_true", help="say what it would do: reachable range, size of the space, expected time")
    add_fields(parser, "StudyConfig")


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    from tldr_search import config
    from tldr_search.report import main_paths, screen_table
    from tldr_search.study.progress import Bar

    chosen = chosen_fields(options, config.StudyConfig)
    study = config.load(config.StudyConfig, options.config, **chosen) if options.config else config.default_study(**chosen)
    if options.dry_run:
        planned = commands.dry_run(study)
        print_json(planned) if options.json else print(show.plan(planned))
        return
    result, paths = commands.study(study, command_text(), Bar())
    if options.json:
        print_json(commands.study_summary(result, study.directory))
    else:
        print("\n" + screen_table(result) + "\n\n" + "\n".join(map(str, main_paths(paths))))
