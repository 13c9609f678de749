"""`evaluate`: on a benchmark, or of a single video."""

from __future__ import annotations

import argparse
from pathlib import Path

from tldr_search import commands, show
from tldr_search.command_line.parsing import add_fields, chosen_fields, command_text, filled, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument(
        "config",
        nargs="?",
        type=filled,
        metavar="CONFIG|VIDEO",
        help="what to measure (YAML), or a single video; without it the embedded default",
    )
    parser.add_argument(
        "--caption", action="append", type=filled, help="of a single video: a text to compare with others; may be given several times"
    )
    parser.add_argument("--classes", type=filled, help="of a single video: file with the names of the classes, one a line")
    add_fields(parser, "EvaluateConfig")


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    if options.config is not None and Path(options.config).suffix.lower() not in (".yaml", ".yml"):
        _answer(options)
        return
    from tldr_search import config

    if options.caption or options.classes:
        raise ValueError(f"--caption and --classes with {options.config or 'a benchmark'}; a video file before them would be accepted")
    chosen = chosen_fields(options, config.EvaluateConfig)
    try:
        settings = config.load(config.EvaluateConfig, options.config, **chosen) if options.config else config.default_evaluation(**chosen)
    except ValueError as error:
        commands.tell_ranks(error)
        raise
    found = commands.evaluate(settings, command_text())
    if found is None:
        return
    if options.json:
        print_json(found)
    else:
        print(show.evaluation(found))


def _answer(options: argparse.Namespace) -> None:
    """A single video instead of a benchmark."""
    from tldr_search import config

    video = Path(options.config)
    if not video.is_file():
        what = "is a directory" if video.is_dir() else "no such file"
        raise ValueError(f"{options.config!r}: {what}; a config (.yaml) or a video would be accepted")
    given, known = chosen_fields(options, config.EvaluateConfig), config.help_texts(config.AnswerConfig)
    if superfluous := [name for name in given if name not in known or name in ("benchmark", "k_test", "on_bad_video")]:
        raise ValueError(f"--{superfluous[0].replace('_', '-')} with a single video; a config or a benchmark would be accepted")
    if options.caption and options.classes:
        raise ValueError("--caption with --classes; one of them would be accepted")
    captions = {"captions": options.caption} if options.caption else {}
    classes = {"classes": options.classes} if options.classes else {}
    found = commands.answer(config.one_video(**given, **captions, **classes), video)
    if options.json:
        print_json(found)
    else:
        print(show.answer(found))
