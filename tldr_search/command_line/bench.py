"""`bench`."""

from __future__ import annotations

import argparse

from tldr_search import commands, show
from tldr_search.command_line.parsing import add_reduction, print_json, scheduled, whole


def add(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    add_reduction(parser)
    parser.add_argument("--precision", default="fp32", help="fp32, bf16 or (on a GPU) fp16")
    parser.add_argument("--batch-size", type=whole, default=1, help="clips at a time")
    parser.add_argument("--turns", type=whole, default=5, help="how often every model is run")
    parser.add_argument(
        "--hugging-face", action="store_true", help="beside Hugging Face's model with SDPA, too (VideoMAE; needs transformers)"
    )
    parser.add_argument(
        "--re-ranking", action="store_true", help="of retrieval's second pass instead, beside looking at pairs one by one (UMT)"
    )


def run(options: argparse.Namespace) -> None:
    """Runs it."""
    if options.re_ranking:
        row = commands.bench_reranking(options.model, options.frames, options.turns)
        if options.json:
            print_json(row)
        else:
            print(show.reranking(row))
        return
    shape = (options.frames, options.precision, options.batch_size, options.turns)
    found = commands.bench(options.model, options.method, scheduled(options.schedule), *shape, options.hugging_face)
    if options.json:
        print_json(found)
    else:
        print(show.bench(found))
