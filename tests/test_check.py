"""`check`: all problems of a config, one line each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tldr_search.__main__ import main
from tldr_search.data.benchmarks import demo


def test_every_wrong_setting_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("method: tome\nschedule: '2000'\nsplit: xx\nprecision: fp8\ncheckpoint: /nope.pth\nbatchsize: 3\n")
    assert main(["check", str(path)]) == 2
    captured = capsys.readouterr()
    parts = ["unknown setting 'batchsize'", "precision: unknown 'fp8'", "split: unknown 'xx'", "r = 2000", "checkpoint: '/nope.pth'"]
    lines = captured.out.splitlines()
    assert len(lines) == len(parts)
    assert all(part in line for part, line in zip(parts, lines, strict=True))
    assert captured.err == f"tldr_search check: 5 problems in {path}\n"
    assert main(["evaluate", str(path)]) == 2
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 1
    assert all(part in captured.err for part in parts)


def test_weights_and_videos_are_checked_beside_a_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = json.loads((demo.ROOT / "report.json").read_text())[:1]
    (tmp_path / "report.json").write_text(json.dumps(rows))
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    path = tmp_path / "bad.yaml"
    path.write_text(f"method: tom\ncheckpoint: {tmp_path / 'torn.safetensors'}\n")
    assert main(["check", str(path)]) == 2
    method, weights, video = capsys.readouterr().out.splitlines()
    assert "did you mean tome" in method
    assert "torn.safetensors" in weights
    assert f"{rows[0]['video']}: no such file" in video
