"""Several workers on one machine: processes that each do the same as a single one would, one per GPU."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tldr_search.mistakes import Failed, failure, is_mistake

MISTAKE, FAILURE = "mistake", "failure"
"""What a worker's error is, unless it is a fault."""
WATCH = 0.5
"""Seconds between a worker's looks at whether the process that started it is alive."""


class Workers:
    """Processes that run `target(*arguments)`; both must be picklable."""

    def __init__(self, count: int, target: Callable[..., None], arguments: tuple[Any, ...], say: Callable[[str], None]) -> None:
        self._say = say
        spawn = multiprocessing.get_context("spawn")
        self._errors = spawn.SimpleQueue()
        self._told: set[int] = set()
        self._processes: list[BaseProcess] = []
        for index in range(count):
            process = spawn.Process(target=_run, args=(os.getpid(), self._errors, target, arguments), name=f"worker {index + 1}")
            with _environment(_surroundings(index, count)):
                process.start()
            self._processes.append(process)

    def check(self) -> None:
        """Says which workers have gone; raises once all have, with the first one's error: `ValueError` if it was the user's mistake.

        `Failed` if it was nobody's fault.
        """
        gone = [i for i, process in enumerate(self._processes) if process.exitcode not in (None, 0)]
        for index in gone:
            if index not in self._told and len(gone) < len(self._processes):
                self._say(
                    f"{self._processes[index].name} has gone (status {self._processes[index].exitcode}); the others take over what it did"
                )
            self._told.add(index)
        if len(gone) < len(self._processes):
            return
        if self._errors.empty():
            raise RuntimeError("all workers were killed; the same command resumes")
        kind, text = self._errors.get()
        if kind == MISTAKE:
            raise ValueError(text)
        raise Failed(text) if kind == FAILURE else RuntimeError(text)

    @property
    def have_ended(self) -> bool:
        """Whether none is at work any more."""
        return all(process.exitcode is not None for process in self._processes)

    def stop(self) -> None:
        """Ends those that are left."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()


def _run(parent: int, errors: Any, target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it is at is given up in order, so that others need not wait
    try:
        target(*arguments)
    except Exception as error:
        kind, text = _told(error)
        errors.put((kind, text))
        if kind:
            raise SystemExit(1) from None  # told once, by the process that started this one
        raise
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _told(error: Exception) -> tuple[str, str]:
    if is_mistake(error):
        return MISTAKE, str(error)
    if line := failure(error):
        return FAILURE, line
    return "", f"{type(error).__name__}: {error}"


def _end_with(parent: int) -> None:
    """A worker whose parent was killed would go on unseen."""
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)


def _surroundings(index: int, count: int) -> dict[str, str]:
    """A GPU for each, in turn, where there are any; a share of the cores."""
    gpus = visible_gpus()
    threads = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // count))}
    return threads | ({"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)]} if gpus else {})


def visible_gpus() -> Sequence[str]:
    """As CUDA_VISIBLE_DEVICES names them, else numbered as CUDA does, one for each of the driver's device files; never imports torch."""
    if (named := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name for name in named.split(",") if name.strip() not in ("", "-1")]
    devices = [path for path in Path("/dev").glob("nvidia[0-9]*") if path.name.removeprefix("nvidia").isdigit()]
    return [str(index) for index in range(len(devices))]


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """As it is while a process starts: libraries read it when they are loaded."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
