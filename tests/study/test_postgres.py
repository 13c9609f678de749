"""Workers on one real PostgreSQL: nothing is lost, nothing measured twice, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import many
import optuna
import pytest

from tldr_search.config import StudyConfig, to_yaml
from tldr_search.study.claims import Claims
from tldr_search.study.directory import RESULT
from tldr_search.study.result import load as load_result
from tldr_search.study.storage import MEASUREMENTS, open_storage

if TYPE_CHECKING:
    from postgres import Postgres

pytest_plugins = ["postgres"]
KEYS = 10
STUCK = "3"
PATIENCE = 600


def lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def wait_until(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """However slow the machine is, but not for ever, and not for a process that has ended."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check(url: str, directory: Path, begun_twice: tuple[str, ...] = ()) -> None:
    """Every key was begun, measured and kept once."""
    study = optuna.load_study(study_name=f"{many.PREFIX}/{MEASUREMENTS}", storage=open_storage(directory, url, print))
    records = Claims(study).records()
    once = Counter(str(i) for i in range(KEYS))
    assert Counter(record.key for record in records if record.is_done) == once
    assert not any(record.is_open for record in records)
    assert Counter(key for key, _ in lines(directory / "measured")) == once
    assert Counter(key for key, _ in lines(directory / "begun")) == once + Counter(begun_twice)


@pytest.mark.parametrize("kind", ["postgresql", "journal"])
def test_four_workers_of_whom_one_is_killed(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres").database() if kind == "postgresql" else f"journal:{tmp_path / 'study.log'}"
    (tmp_path / f"stuck {STUCK}").touch()
    with many.running(url, tmp_path, 4, KEYS, 0.1) as workers:
        wait_until(lambda: any(key == STUCK for key, _ in lines(tmp_path / "begun")), workers)
        at_it = [pid for key, pid in lines(tmp_path / "begun") if key == STUCK]
        os.kill(int(at_it[0]), signal.SIGKILL)
        assert workers.wait(PATIENCE) == 0
    check(url, tmp_path, begun_twice=(STUCK,))
    assert at_it[0] not in [pid for key, pid in lines(tmp_path / "measured") if key == STUCK]


def test_a_restarted_database_is_waited_for(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.database()
    held = [tmp_path / f"held {key}" for key in range(4, KEYS)]
    for file in held:
        file.touch()
    with many.running(url, tmp_path, 4, KEYS, 0.1) as workers:
        wait_until(lambda: len(lines(tmp_path / "measured")) == 4, workers)
        wait_until(lambda: len(lines(tmp_path / "begun")) == 8, workers)
        postgres.stop()
        wait_until(lambda: any("waiting for it" in " ".join(line) for line in lines(tmp_path / "said")), workers)
        for file in held:
            file.unlink()
        postgres.start()
        assert workers.wait(PATIENCE) == 0
    check(url, tmp_path)
    said = [" ".join(line) for line in lines(tmp_path / "said")]
    assert 0 < sum("waiting for it" in line for line in said) == sum("is back" in line for line in said) <= 4 * 2


def test_a_whole_study_of_four_workers_of_whom_one_is_killed(postgres: Postgres, small: Callable[..., StudyConfig], tmp_path: Path) -> None:
    few = {"methods": ["sta"], "ladder": ["125gflops"]}
    config, log, settings = small(**few, storage=postgres.database()), tmp_path / "calls", tmp_path / "study.yaml"
    go = tmp_path / "go"
    settings.write_text(to_yaml(config))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from slow import Slow\n"
        "from tldr_search.config import StudyConfig, load\n"
        "from tldr_search.study.run import run_study\n"
        "if __name__ == '__main__':\n"
        "    run_study(load(StudyConfig, sys.argv[2]), Slow(sys.argv[3], sys.argv[4]), workers=4)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, str(script), str(Path(__file__).parent), str(settings), str(log), str(go)]) as study:
        try:
            wait_until(lambda: len({line[0] for line in lines(log)}) == 4, study)  # all have measured something, and none has kept it
            os.kill(int(lines(log)[-1][0]), signal.SIGKILL)
        finally:
            go.touch()
        assert study.wait(PATIENCE) == 0
    result = load_result(config.directory / RESULT)
    asked = {(method, 180.0): 6 for method in config.methods} | {(m, b): 2 for m in config.methods for b in config.rungs if b != 180}
    assert Counter((p.method, p.budget) for p in result.trials) == asked
    whole = Counter(" ".join(line[1:]) for line in lines(log) if "part=1.0)" in line)
    assert whole.total() - len(whole) <= 1  # what the one that was killed had measured, but not kept yet
    assert len({line[0] for line in lines(log)}) == 4
