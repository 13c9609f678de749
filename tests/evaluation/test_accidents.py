"""What happens to an evaluation that meets bad videos or too little memory."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tldr_search.__main__ import main
from tldr_search.data.benchmarks.demo import ROOT
from tldr_search.tasks.task import Task

Evaluate = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """umt-mini on six clips of the demo in MSR-VTT's layout: -> (exit status, result, what was said)."""
    rows = json.loads((ROOT / "report.json").read_text())[:6]
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "six.json").write_text(json.dumps([{"video": r["video"], "caption": r["caption"]} for r in rows]))
    (tmp_path / "videos" / "msrvtt" / "report").mkdir(parents=True)
    for row in rows:
        (tmp_path / "videos" / "msrvtt" / row["video"]).write_bytes((ROOT / row["video"]).read_bytes())
    monkeypatch.setenv("TLDR_SEARCH_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, Any, str]:
        status = main(["evaluate", "--benchmark", "msrvtt", "--split", "six.json", "--batch-size", "2", "--json", *words])
        said = capsys.readouterr()
        return status, json.loads(said.out.splitlines()[-1]) if status == 0 else None, said.err

    return run


def bad(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / "videos" / "msrvtt" / "report" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)


def test_bad_videos_end_the_run_all_listed_and_nothing_is_lost(evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("001.mp4", "004.mp4"):
        bad(tmp_path, name, b"no video at all" * 100)
    status, _, said = evaluate("--out", "bad")
    assert status == 2
    assert "2 of 6 videos cannot be read (--on-bad-video exclude goes on" in said
    assert "report/001.mp4: " in said
    assert "report/004.mp4: " in said
    views: list[int] = []
    forward = Task._forward
    monkeypatch.setattr(Task, "_forward", lambda task, video, prefixes: (views.append(len(video)), forward(task, video, prefixes))[1])
    status, found, _ = evaluate("--out", "bad", "--on-bad-video", "exclude")
    assert status == 0
    assert views == [1, 1]  # only the batches that were not whole
    assert [entry["video"] for entry in found["excluded"]] == ["report/001.mp4", "report/004.mp4"]
    assert found["num_samples"] == found["num_videos"] == 4
    with np.load(tmp_path / "bad" / "outcomes.npz") as kept:
        assert kept["t2v_name"].tolist() == [f"report/{i:03d}.mp4#0" for i in (0, 2, 3, 5)]
        assert found["metrics"]["t2v_r1"] == pytest.approx((kept["t2v_rank"] == 1).mean() * 100)


def test_missing_videos_are_told_before_any_work(evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tldr_search.evaluate.load_model", lambda config: pytest.fail("the model was loaded"))
    for name in ("000.mp4", "005.mp4"):
        bad(tmp_path, name, None)
    status, _, said = evaluate()
    assert status == 2
    assert "report/000.mp4: no such file; report/005.mp4: no such file" in said


def test_nothing_left_to_measure(evaluate: Evaluate, tmp_path: Path) -> None:
    for i in range(6):
        bad(tmp_path, f"{i:03d}.mp4", b"")
    status, _, said = evaluate("--on-bad-video", "exclude")
    assert status == 2
    assert "6 of 6 videos cannot be read: report/000.mp4: is empty" in said


def test_batches_are_halved_when_memory_does_not_suffice(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    _, whole, _ = evaluate("--out", "whole", "--batch-size", "6")
    forward, sizes = Task._forward, []

    def cramped(task: Task, views: Tensor, prefixes: None) -> dict[str, Tensor]:
        sizes.append(len(views))
        if len(views) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(task, views, prefixes)

    monkeypatch.setattr(Task, "_forward", cramped)
    status, found, said = evaluate("--out", "halved", "--batch-size", "6")
    assert status == 0
    assert sizes == [6, 3, 1, 1, 1, 1, 1, 1]
    assert "out of memory with 6 at once; going on with 3" in said
    assert found["metrics"] == whole["metrics"]


def test_memory_for_not_even_one(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    def cramped(task: Task, views: Tensor, prefixes: None) -> dict[str, Tensor]:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Task, "_forward", cramped)
    status, _, said = evaluate("--batch-size", "2")
    assert status == 1
    assert said.endswith("tldr_search evaluate: out of memory; a smaller --batch-size or --frames would need less\n")


@pytest.mark.parametrize("finished", [0, 1])
def test_an_interruption_says_whether_anything_was_kept(
    finished: int, evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, calls = Task._forward, []

    def stopped(task: Task, views: Tensor, prefixes: None) -> dict[str, Tensor]:
        calls.append(len(views))
        if len(calls) > finished:
            raise KeyboardInterrupt
        return forward(task, views, prefixes)

    monkeypatch.setattr(Task, "_forward", stopped)
    status, _, said = evaluate("--out", "a/b")
    assert status == 130
    assert ("finished batches are kept, and the same command goes on" in said) == bool(finished)
    assert ("nothing was finished yet" in said) == (not finished)
    assert (tmp_path / "a").exists() == bool(finished)
    assert len([*tmp_path.glob("a/b/unfinished/*/clips/*")]) == finished


def test_a_card_without_room_is_told_and_not_half_there(evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if not path.name.startswith("card.json"):
            return write_bytes(path, content)
        write_bytes(path, content[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    status, _, said = evaluate("--out", "a")
    assert status == 1
    assert said.endswith("tldr_search evaluate: a/card.json could not be written: No space left on device\n")
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["unfinished"]


def test_the_second_evaluation_reads_no_video(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    status, first, _ = evaluate("--out", "first")
    assert status == 0
    monkeypatch.setattr("tldr_search.data.decoding.ProcessPool", lambda *a, **k: pytest.fail("a video was decoded"))
    status, again, _ = evaluate("--out", "again")
    assert (status, again["metrics"]) == (0, first["metrics"])


def test_a_directory_with_another_result_is_refused_saying_what_differs(evaluate: Evaluate, tmp_path: Path) -> None:
    assert evaluate("--out", "here")[0] == 0
    before = (tmp_path / "here" / "card.json").read_text()
    annotations = tmp_path / "annotations" / "six.json"
    for words, says in (
        (("--precision", "bf16"), "precision: 'fp32' then, 'bf16' now"),
        (("--method", "tome", "--schedule", "10"), "method: 'none' then, 'tome' now"),
        ((), "content of annotations: "),
    ):
        if not words:
            annotations.write_text(annotations.read_text().replace('"caption": "', '"caption": "the ', 1))
        status, _, said = evaluate("--out", "here", *words)
        assert status == 2
        assert f"out: here has the result of another evaluation ({says}" in said.replace(str(tmp_path) + "/", "")
        assert len(said.splitlines()) == 1
    assert (tmp_path / "here" / "card.json").read_text() == before
    (tmp_path / "here" / "card.json").write_text("[]")
    status, _, said = evaluate("--out", "here")
    assert status == 2
    assert "no result card of ours" in said
