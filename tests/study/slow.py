"""Evaluators that other processes can be handed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from landscape import Landscape

from tldr_search.schedule import parse_schedule
from tldr_search.scores import Evaluation, Request


class Slow(NamedTuple):
    """Takes a moment, and adds a line with its process to a file; then waits until there is a file `go`, if it is told to."""

    log: str
    go: str = ""

    def __call__(self, request: Request) -> Evaluation:
        time.sleep(0.02)
        found = Landscape()(request)
        with Path(self.log).open("a") as file:
            file.write(f"{os.getpid()} {request}\n")
        while self.go and not Path(self.go).exists():
            time.sleep(0.01)
        return found


class Mistaken(NamedTuple):
    """The user's fault."""

    def __call__(self, request: Request) -> Evaluation:
        parse_schedule("nothing to accept")
        raise AssertionError


class Faulty(NamedTuple):
    """Not the user's."""

    def __call__(self, request: Request) -> Evaluation:
        return max([])
