"""The command line: subcommands are typed functions of `tldr_search.commands`; this file parses, `show` says how results look.

Exit status 0: done. 2: the user's mistake, in one line. 130: interrupted (Ctrl-C); the same command resumes a study. 1: anything
else. `--json` prints one JSON object as the last line of standard output; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from tldr_search import commands, listing, show
from tldr_search.mistakes import is_mistake
from tldr_search.tasks.ranks import RankFailedError

STUDY_ALIASES = {"methods": ["--method"]}
RUNS = "runs"
"""Where runs go, if the user says nothing else."""


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit status 2."""
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
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


def _given(error: OSError, options: argparse.Namespace) -> bool:
    """Whether it is about a path that the user gave, about what lies in it or on the way to it."""
    if not isinstance(error.filename, str | os.PathLike):
        return False
    about = Path(error.filename).resolve()
    values = [vars(options).get(name) for name in ("config", "checkpoint", "out", "data", "annotations", "videos", "classes")]
    paths = [Path(value).resolve() for value in [*values, *vars(options).get("runs", ()), RUNS] if value]
    return any(about.is_relative_to(path) or path.is_relative_to(about) for path in paths)


def _study(options: argparse.Namespace) -> None:
    from tldr_search import config
    from tldr_search.report import screen_table
    from tldr_search.study.progress import Bar

    chosen = _chosen(options, config.StudyConfig)
    study = config.load(config.StudyConfig, options.config, **chosen) if options.config else config.default_study(**chosen)
    signal.signal(signal.SIGTERM, _end)
    if options.dry_run:
        planned = commands.dry_run(study)
        _print_json(planned) if options.json else print(show.plan(planned))
        return
    result, paths = commands.study(study, _command(), Bar())
    if options.json:
        _print_json(commands.study_summary(result, study.directory))
    else:
        print("\n" + screen_table(result) + "\n\n" + "\n".join(map(str, paths)))


def _end(number: int, frame: object) -> NoReturn:
    """Asked to end: in order, so that other workers need not wait for what this one was at."""
    raise SystemExit(128 + number)


def _evaluate(options: argparse.Namespace) -> None:
    if options.config is not None and Path(options.config).suffix.lower() not in (".yaml", ".yml"):
        _answer(options)
        return
    from tldr_search import config

    if options.caption or options.classes:
        raise ValueError(f"--caption and --classes with {options.config or 'a benchmark'}; a video file before them would be accepted")
    chosen = _chosen(options, config.EvaluateConfig)
    try:
        settings = config.load(config.EvaluateConfig, options.config, **chosen) if options.config else config.default_evaluation(**chosen)
    except ValueError as error:
        commands.tell_ranks(error)
        raise
    found = commands.evaluate(settings, _command())
    if found is None:
        return
    if options.json:
        _print_json(found)
    else:
        print(show.evaluation(found))


def _answer(options: argparse.Namespace) -> None:
    """A single video instead of a benchmark."""
    from tldr_search import config

    video = Path(options.config)
    if not video.is_file():
        what = "is a directory" if options.config and video.is_dir() else "no such file"
        raise ValueError(f"{options.config!r}: {what}; a config (.yaml) or a video would be accepted")
    given, known = _chosen(options, config.EvaluateConfig), config.help_texts(config.AnswerConfig)
    if superfluous := [name for name in given if name not in known or name in ("benchmark", "k_test", "on_bad_video")]:
        raise ValueError(f"--{superfluous[0].replace('_', '-')} with a single video; a config or a benchmark would be accepted")
    if options.caption and options.classes:
        raise ValueError("--caption with --classes; one of them would be accepted")
    captions = {"captions": options.caption} if options.caption else {}
    classes = {"classes": options.classes} if options.classes else {}
    found = commands.answer(config.one_video(**given, **captions, **classes), video)
    if options.json:
        _print_json(found)
    else:
        print(show.answer(found))


def _command() -> str:
    return shlex.join(["python", "-m", "tldr_search", *sys.argv[1:]])


def _report(options: argparse.Namespace) -> None:
    from tldr_search.report import screen_table

    if options.out and len(options.runs) > 1:
        raise ValueError(f"--out {options.out} with {len(options.runs)} runs; one run would be accepted, or no --out")
    summaries = []
    for run in options.runs:
        result, paths = commands.report(run, options.out)
        summaries.append(commands.study_summary(result, run))
        if not options.json:
            print("\n" + screen_table(result) + "\n\n" + "\n".join(map(str, paths)))
    if options.json:
        _print_json(summaries[0] if len(summaries) == 1 else {"runs": summaries})


def _flops(options: argparse.Namespace) -> None:
    from tldr_search.schedule import parse_schedule

    schedule = parse_schedule(options.schedule) if options.schedule else ()
    row = commands.flops(options.model, options.method, schedule, options.frames, options.verify)
    if options.json:
        _print_json(row)
    else:
        print(show.flops(row))


def _bench(options: argparse.Namespace) -> None:
    if options.re_ranking:
        row = commands.bench_reranking(options.model, options.frames, options.turns)
        if options.json:
            _print_json(row)
        else:
            print(show.reranking(row))
        return
    from tldr_search.schedule import parse_schedule

    schedule = parse_schedule(options.schedule) if options.schedule else ()
    shape = (options.frames, options.precision, options.batch_size, options.turns)
    found = commands.bench(options.model, options.method, schedule, *shape, options.hugging_face)
    if options.json:
        _print_json(found)
    else:
        print(show.bench(found))


def _check(options: argparse.Namespace) -> None:
    from tldr_search.check import problems

    found = problems(options.config, **({"data": options.data} if options.data else {}))
    if options.json:
        _print_json({"problems": found})
    else:
        print("\n".join(found) or "no problem found")
    if found:
        raise ValueError(f"{len(found)} problem{'s' * (len(found) > 1)} in {options.config or 'the embedded default'}")


def _list(options: argparse.Namespace) -> None:
    rows = listing.list_(options.what)
    if options.json:
        _print_json({options.what: rows})
    else:
        print(show.listing(options.what, rows))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="tldr_search", description="Search per-layer token-reduction schedules of video transformers.")
    parser.add_argument("--version", action="version", version=f"tldr_search {_version()}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    study = _subcommand(subparsers, "study", _study, "search the schedules that reach a budget")
    study.add_argument("config", nargs="?", metavar="CONFIG", help="study definition (YAML); without it the embedded default")
    study.add_argument("--dry-run", action="store_true", help="say what it would do: reachable range, size of the space, expected time")
    _add_fields(study, "StudyConfig")
    evaluate = _subcommand(subparsers, "evaluate", _evaluate, "measure one schedule")
    evaluate.add_argument(
        "config", nargs="?", metavar="CONFIG|VIDEO", help="what to measure (YAML), or a single video; without it the embedded default"
    )
    evaluate.add_argument("--caption", action="append", help="of a single video: a text to compare with others (give several)")
    evaluate.add_argument("--classes", help="of a single video: file with the names of the classes, one a line")
    _add_fields(evaluate, "EvaluateConfig")
    report = _subcommand(subparsers, "report", _report, "write the report of a finished run again")
    report.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="directory of a run")
    report.add_argument("--out", type=Path, help="directory for the report; by default the run's own")
    flops = _subcommand(subparsers, "flops", _flops, "what a schedule costs, layer by layer")
    _add_reduction(flops)
    flops.add_argument("--verify", action="store_true", help="count with fvcore on the module, too")
    bench = _subcommand(subparsers, "bench", _bench, "speed and memory of a schedule, beside the unreduced model")
    _add_reduction(bench)
    bench.add_argument("--precision", default="fp32", help="fp32, bf16 or (on a GPU) fp16")
    bench.add_argument("--batch-size", type=_whole, default=1, help="clips at a time")
    bench.add_argument("--turns", type=_whole, default=5, help="how often every model is run")
    bench.add_argument(
        "--hugging-face", action="store_true", help="beside Hugging Face's model with SDPA, too (VideoMAE; needs transformers)"
    )
    bench.add_argument(
        "--re-ranking", action="store_true", help="of retrieval's second pass instead, beside looking at pairs one by one (UMT)"
    )
    check = _subcommand(subparsers, "check", _check, "find every problem of a config: checkpoint, annotations, videos")
    check.add_argument("config", nargs="?", metavar="CONFIG", help="study or evaluation (YAML); without it the embedded default")
    check.add_argument("--data", help="root of annotations/, videos/ and checkpoints/")
    table = _subcommand(subparsers, "list", _list, "what there is")
    table.add_argument("what", metavar="|".join(listing.LISTS))
    return parser


def _add_reduction(parser: argparse.ArgumentParser) -> None:
    """A model, and what to remove from it."""
    parser.add_argument("model", metavar="MODEL", help="see `list models`")
    parser.add_argument("--method", default="none", help="see `list methods`; options follow, as in tome:metric=features")
    parser.add_argument("--schedule", default="", help="tokens removed per layer (per group and stage for STA), e.g. 600,200,100")
    parser.add_argument("--frames", type=_whole, help="frames per clip, if not the model's own")


def _subcommand(subparsers: Any, name: str, run: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(run=run)
    return parser


def _add_fields(parser: argparse.ArgumentParser, kind: str) -> None:
    """One option per field of a config; only those that are given replace what the config says."""
    from tldr_search import config

    for field, text in config.help_texts(getattr(config, kind)).items():
        names = [*STUDY_ALIASES.get(field, []), f"--{field.replace('_', '-')}"]
        if config.is_switch(getattr(config, kind), field):
            parser.add_argument(*names, dest=field, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=_help(text))
            continue
        numbers = {_whole: config.is_number, _number: config.is_real}
        parse = next((parse for parse, holds in numbers.items() if holds(getattr(config, kind), field)), str)
        parser.add_argument(*names, dest=field, type=parse, default=argparse.SUPPRESS, help=_help(text))


def _help(text: str) -> str:
    return text.replace("%", "%%")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; a whole number would be accepted") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; a number would be accepted") from None


def _chosen(options: argparse.Namespace, kind: type) -> dict[str, Any]:
    import dataclasses

    given = vars(options)
    return {field.name: given[field.name] for field in dataclasses.fields(kind) if field.name in given}


def _print_json(value: object) -> None:
    print(json.dumps(value))


def _version() -> str:
    import tldr_search

    return tldr_search.__version__


if __name__ == "__main__":
    sys.exit(main())
