"""`tiny`'s command line as a script, in any number of processes. Several commands with `then` between them run one after the other."""

from __future__ import annotations

import sys
from importlib import metadata
from itertools import groupby


def hide_transformers() -> None:
    """As on a user's machine: torchmetrics imports it wherever it is installed, which takes a second."""
    find = metadata.distribution

    def distribution(name: str) -> metadata.Distribution:
        if name == "transformers":
            raise metadata.PackageNotFoundError(name)
        return find(name)

    metadata.distribution = distribution


def run(words: list[str]) -> int:
    from tiny import prepare_accidents, shrink

    from tldr_search.__main__ import main

    shrink()
    prepare_accidents()
    return max(main([*group]) for word, group in groupby(words, lambda word: word == "then") if not word)


if __name__ == "__main__":  # processes that decode import this file, too, and nothing else of it
    hide_transformers()
    sys.exit(run(sys.argv[1:]))
