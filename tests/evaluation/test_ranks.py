"""Evaluations in several processes: the numbers of one process, whoever starts the others; accidents; going on after them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pytest

from tests.evaluation.tiny import WORDS, shrink
from tldr_search.__main__ import main
from tldr_search.backbones.architectures import ARCHITECTURES
from tldr_search.evaluate import World, launched

TINY = str(Path(__file__).with_name("started.py"))
CLIPS = Path(__file__).parents[2] / "tldr_search" / "demo" / "clips"
NUMBERS = ("metrics", "intervals", "num_samples", "num_videos", "excluded", "schedule", "gflops")


SPLITS = ("seven.json", "two.json", "questions.json")
"""Seven videos in batches of two do not divide, two videos leave ranks idle, and questions are more than videos."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven videos of the demo with captions of single letters, and questions, in UMT's layouts; and what one process measures."""
    root = tmp_path_factory.mktemp("data")
    annotations, checkpoints = root / "annotations", root / "checkpoints"
    annotations.mkdir()
    checkpoints.mkdir()
    (checkpoints / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    rows = [{"video": f"search/{i:03d}.mp4", "caption": f"{chr(97 + i)} {chr(104 + i)}"} for i in range(7)]
    (annotations / "seven.json").write_text(json.dumps(rows))
    (annotations / "two.json").write_text(json.dumps(rows[:2]))
    questions = [
        {"question_id": i, "video": f"search/{i % 5:03d}.mp4", "question": f"{chr(97 + i)}?", "answer": chr(97 + i % 4)} for i in range(13)
    ]
    (annotations / "questions.json").write_text(json.dumps(questions))
    (annotations / "msrvtt_qa_answer_list.json").write_text(json.dumps(list("abcdefg")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, "umt-b", ARCHITECTURES["umt-b"])  # put back afterwards
        shrink()
        for split in SPLITS:
            assert main(words(root, split, f"1-{split}")) == 0
    return root


def words(data: Path, split: str, out: str, *more: str) -> list[str]:
    what = ["--benchmark", "msrvtt-qa", "--k-test", "3"] if split == "questions.json" else ["--benchmark", "msrvtt", "--k-test", "4"]
    where = ["--data", str(data), "--videos", str(CLIPS), "--split", split, "--out", str(data / out)]
    model = [
        "--model",
        "umt-b",
        "--checkpoint",
        "random",
        "--method",
        "tome",
        "--schedule",
        "20,10",
        "--batch-size",
        "2",
        "--decoders",
        "1",
    ]
    return ["evaluate", *what, *where, *model, *more]


def everything(data: Path, name: str, *more: str) -> list[str]:
    commands = [words(data, split, f"{name}-{split}", *more) for split in SPLITS]
    return [TINY, *commands[0], *(word for command in commands[1:] for word in ("then", *command))]


def run(command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], env=clean() | environment, capture_output=True, text=True, timeout=600, check=False)


def tasks(command: Sequence[str], number: int, environment: dict[str, str]) -> str:
    """As srun starts them, which ends all when one fails: what that one said, or nothing."""
    found = []
    with TemporaryFile("w+") as errors:
        for i in range(number):
            rank = {"SLURM_PROCID": str(i), "SLURM_LOCALID": str(i)}
            found.append(subprocess.Popen(command, env=clean() | environment | rank, stderr=errors))
        deadline = time.monotonic() + 600
        while any(task.poll() is None for task in found) and not any(task.poll() for task in found) and time.monotonic() < deadline:
            time.sleep(0.05)
        if all(task.poll() == 0 for task in found):
            return ""
        for task in found:
            task.kill()
            task.wait()
        errors.seek(0)
        return errors.read() or "nothing was said"


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


def same(data: Path, one: str, other: str) -> dict[str, Any]:
    """The card of the other, the numbers of which are those of the one."""
    cards = [json.loads((data / name / "card.json").read_text()) for name in (one, other)]
    assert {k: cards[0][k] for k in NUMBERS} == {k: cards[1][k] for k in NUMBERS}
    with np.load(data / one / "outcomes.npz") as a, np.load(data / other / "outcomes.npz") as b:
        assert set(a) == set(b)
        assert all(np.array_equal(a[column], b[column]) for column in a)
    return cards[1]


def test_two_processes_that_lightning_starts(data: Path) -> None:
    done = run(everything(data, "2", "--devices", "2"))
    assert done.returncode == 0, done.stderr
    assert all(same(data, f"1-{split}", f"2-{split}")["devices"] == 2 for split in SPLITS)


def test_three_processes_that_torchrun_starts(data: Path) -> None:
    done = run(["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "3", *everything(data, "3")])
    assert done.returncode == 0, done.stderr
    assert all(same(data, f"1-{split}", f"3-{split}")["devices"] == 3 for split in SPLITS)


def test_two_processes_that_slurm_starts(data: Path) -> None:
    job = {"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "evaluation", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2", "SLURM_NNODES": "1"}
    node = {"SLURM_NODELIST": "localhost", "SLURM_NODEID": "0", "MASTER_ADDR": "127.0.0.1"}
    command = [sys.executable, TINY, *words(data, "seven.json", "slurm")]
    if "EADDRINUSE" in (errors := tasks(command, 2, job | node | {"MASTER_PORT": free_port()})):  # somebody has taken it meanwhile
        errors = tasks(command, 2, job | node | {"MASTER_PORT": free_port()})
    assert not errors
    assert same(data, "1-seven.json", "slurm")["devices"] == 2


@pytest.mark.parametrize("rank", [0, 1])
def test_the_failure_of_one_rank_ends_all(data: Path, rank: int) -> None:
    done = run([TINY, *words(data, "seven.json", f"fails{rank}", "--devices", "2")], FAIL_RANK=str(rank))
    assert done.returncode not in (0, 2)
    lines = done.stderr.replace("\r", "\n").strip().splitlines()
    assert "RuntimeError: an accident" in lines[-1], done.stderr
    assert not (data / f"fails{rank}" / "card.json").exists()


def test_a_killed_evaluation_goes_on_where_it_was(data: Path) -> None:
    passes = data / "parts.txt"
    assert run([TINY, *words(data, "seven.json", "parts")], KILL_AFTER="3", COUNT=str(passes)).returncode == 9
    assert (data / "parts" / "unfinished").is_dir()
    done = run([TINY, *words(data, "seven.json", "parts", "--devices", "2")], COUNT=str(passes))
    assert done.returncode == 0, done.stderr
    assert not (data / "parts" / "unfinished").exists()
    assert sorted(passes.read_text().split()) == ["1", "2", "2", "2"]
    same(data, "1-seven.json", "parts")


@pytest.mark.parametrize("started,asked", [(2, "devices: 3 on 1 nodes, but 2 processes were started on each of 1")])
def test_devices_that_nobody_started(started: int, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "LOCAL_WORLD_SIZE": started, "WORLD_SIZE": started}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(ValueError, match=f"{asked}; leaving devices and num_nodes out would be accepted"):
        launched(3, None)
    assert launched(None, None) == launched(2, 1) == World(2, 1)
    monkeypatch.setenv("WORLD_SIZE", "6")
    assert launched(None, None) == World(2, 3)
