"""Workers over `Claims` in processes of their own: `python many.py URL DIRECTORY WORKERS KEYS SECONDS`.

All want the lowest key that nobody has, so they are always in each other's way. DIRECTORY/begun and DIRECTORY/measured get a line `KEY PID`
per evaluation, DIRECTORY/said what the storage said. Whoever first evaluates KEY of a file "DIRECTORY/stuck KEY" hangs. As long as there is
a file "DIRECTORY/held KEY", whoever evaluates KEY waits.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import optuna

from tldr_search.made_with import stamp
from tldr_search.scores import Evaluation
from tldr_search.study.claims import Claims, lost
from tldr_search.study.storage import join, open_storage

SPACE = {name: optuna.distributions.FloatDistribution(0, 1) for name in ("share_01", "share_02")}
IDENTITY = {"seed": 0}
PREFIX = "many"


@contextmanager
def running(url: str, directory: Path, workers: int, keys: int, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """Runs this file; nothing of it is left afterwards."""
    arguments = [sys.executable, __file__, url, str(directory), str(workers), str(keys), str(seconds)]
    process = subprocess.Popen(arguments, env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def note(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


def work(url: str, directory: Path, keys: int, seconds: float) -> None:
    storage = open_storage(directory, url, lambda line: note(directory / "said", line))
    study = join(storage, PREFIX, IDENTITY)
    study.sampler = optuna.samplers.RandomSampler()
    claims = Claims(study, stamp=stamp(IDENTITY), beat=0.2)
    while True:
        claims.fail_lost()
        records = claims.records()
        if sum(record.is_done for record in records) == keys:
            return
        taken = {record.key for record in records if record.is_open or record.is_done}
        again = [record.key for record in lost(records)]
        wanted = [*again, *(str(i) for i in range(keys) if str(i) not in taken)]
        if not wanted:
            time.sleep(0.05)
            continue
        trial = study.ask(SPACE)
        if claims.take(trial, wanted[0], {"origin": "test"}):
            with claims.alive(trial):
                note(directory / "begun", f"{wanted[0]} {os.getpid()}")
                time.sleep(600 if _is_stuck(directory / f"stuck {wanted[0]}") else seconds)
                while (directory / f"held {wanted[0]}").exists():
                    time.sleep(0.01)
                note(directory / "measured", f"{wanted[0]} {os.getpid()}")
            assert claims.finish(trial, {1.0: Evaluation({"top1": 50.0}, "top1", (1.0, 0.0), ("a", "b"), seconds, 2)})


def _is_stuck(file: Path) -> bool:
    """Whoever comes first; it takes the file away."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def main(url: str, directory: str, workers: str, keys: str, seconds: str) -> int:
    """Forks the workers, so that what they import is imported once; the status is the number that failed otherwise than by SIGKILL."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for module in ("alembic.command", "alembic.migration", "optuna.storages._rdb.models", "psycopg"):  # which Optuna imports when it must
        importlib.import_module(module)
    for _ in range(int(workers)):
        if os.fork() == 0:
            work(url, Path(directory), int(keys), float(seconds))
            for thread in {*threading.enumerate()} - {threading.current_thread()}:  # which may have to say that the storage is back
                thread.join()
            os._exit(0)
    return sum(os.wait()[1] not in (0, 9) for _ in range(int(workers)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
