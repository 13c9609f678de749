"""`visualize` from the command line, on clips of the embedded default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from tldr_search.__main__ import main
from tldr_search.config import ConfigError, to_visualize
from tldr_search.cost import CostModel
from tldr_search.data.benchmarks.demo import ROOT as DEMO
from tldr_search.insight.record import load

CLIP = str(DEMO / "report" / "007.mp4")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["visualize", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def best_yaml(path: Path, **changes: object) -> Path:
    """As a study leaves it, as far as it is read."""
    rows = {"vid-tldr": ([610, 0, 0, 0, 305], 179.9), "sta": ([72, 0, 0], 180.0)}
    methods = {
        name: {"schedule": schedule, "gflops": gflops, "evaluated": {"model": "umt-mini", "schedule": schedule}}
        for name, (schedule, gflops) in rows.items()
    }
    provenance = {"model": "umt-mini", "cost_model": "umt-b", "overrides": {}, **changes}
    path.write_text(yaml.safe_dump({"best": "sta", "methods": methods, "provenance": provenance}))
    return path


def test_a_video_and_a_schedule(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = run(capsys, "--video", CLIP, "--method", "vid-tldr", "--schedule", "600,200,100", "--layer", "2", "--out", str(tmp_path / "v"))
    assert [Path(file).name for file in found["files"]] == [
        "removed.npz",
        "tokens-007.png",
        "maps-007.png",
        "frames.png",
        "frames.svg",
        "frames.pdf",
    ]
    assert all(Path(file).is_file() for file in found["files"])
    assert Image.open(tmp_path / "v" / "tokens-007.png").mode == "RGB"
    assert Image.open(tmp_path / "v" / "tokens-007.png").width > 8 * 224
    (clip,) = found["clips"]
    assert clip["video"] == CLIP
    assert clip["reductions"] == [
        {"method": "vid-tldr", "schedule": [600, 200, 100, *[0] * 9], "tokens": 178, "gflops": pytest.approx(177.98, abs=0.01)}
    ]
    removal = load(tmp_path / "v" / "removed.npz")
    assert removal.layers == tuple(range(1, 13))
    assert removal.maps["saliency"].shape == (1, 12, 288)
    assert len(np.unique(removal.reductions[0].rows[0])) == 178


def test_methods_side_by_side_at_a_budget(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = run(capsys, "--clips", "2", "--method", "vid-tldr,random", "--budget", "50%", "--out", str(tmp_path))
    assert [clip["video"] for clip in found["clips"]] == ["report/000.mp4", "report/001.mp4"]
    assert all(clip["caption"] for clip in found["clips"])
    for row in found["clips"][0]["reductions"]:
        assert 0.497 * found["base_gflops"] < row["gflops"] <= 0.5 * found["base_gflops"]
        assert row["gflops"] == CostModel(to_visualize().counted, row["method"])(row["schedule"]).gflops
    assert found["clips"][0]["reductions"][1]["schedule"][-1] > 0, "constant r where nothing else is published"


def test_what_a_study_chose(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = best_yaml(tmp_path / "best.yaml")
    assert main(["visualize", "--video", CLIP, "--schedule", str(path), "--out", str(tmp_path / "v")]) == 0
    told = capsys.readouterr().out
    assert "umt-mini, unreduced: 288 tokens, 303.3 GFLOPs (umt-b)" in told
    assert "  vid-TLDR 610,0,0,0,305: 176 of 288 tokens left" in told
    assert "  STA 72,0,0:" in told
    config = to_visualize(schedule=str(path), methods="sta")
    assert config.compared == ("sta",)
    assert (config.model, config.cost_model) == ("umt-mini", "umt-b")


def test_an_unreadable_video_is_told_or_left_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    words = ["--video", CLIP, "--video", str(bad), "--method", "tome", "--schedule", "100", "--decoders", "1", "--out", str(tmp_path / "v")]
    assert main(["visualize", *words]) == 2
    assert f"video: {bad} cannot be read" in capsys.readouterr().err
    found = run(capsys, *words, "--on-bad-video", "exclude")
    assert [entry["video"] for entry in found["excluded"]] == [str(bad)]
    assert len(found["clips"]) == 1


MISTAKES = {
    "--video nothing.mp4": ["video: 'nothing.mp4': no such file"],
    f"--video {CLIP} --video {CLIP}": ["is named twice"],
    "--method tomee": ["unknown method 'tomee'", "did you mean tome?"],
    "--method none": ["none removes nothing"],
    "--schedule 600": ["schedule 600: no method; one, as with --method vid-tldr, would be accepted"],
    "--schedule 600 --method vid-tldr,tome": ["2 methods (vid-tldr, tome)"],
    "--schedule 2000 --method vid-tldr": ["r = 2000", "0 to 1176"],
    "--schedule 6a --method vid-tldr": ["entry 1 is '6a'"],
    "--schedule no.yaml": ["'no.yaml': no such file"],
    "--schedule 600 --method vid-tldr --budget 60%": ["budget: 60% with schedule 600; one of them"],
    "--budget 10gflops": ["10gflops", "out of reach", "least"],
    "--budget 25ms": ["budget: 25ms; one budget that is counted"],
    "--budget 40%..60%": ["40%..60%; one budget that is counted"],
    "--budget 60": ["has no unit"],
    "--layer 13": ["layer: 13; 1 to 12 would be accepted for umt-mini"],
    "--layer 0": ["layer: 0;"],
    "--clips 0": ["clips: 0; a whole number from 1"],
    "--shape stb": ["shape: unknown 'stb'"],
    "--split train": ["unknown 'train'"],
    f"--video {CLIP} --model swin-t --checkpoint random --method tome": ["merges tokens of different places", "prunes would be accepted"],
    f"--video {CLIP} --model swin-t --checkpoint random --method sta --layer 3": ["layer: 3; 2, 4, 10 would be accepted for swin-t"],
    "--layer 13 --clips 0 --method tomee": ["layer: 13", "clips: 0", "tomee"],
}


@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes_are_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["visualize", *words.split()]) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert not [part for part in MISTAKES[words] if part not in told], told
    assert not [*tmp_path.iterdir()]


def test_a_schedule_of_another_model(tmp_path: Path) -> None:
    path = best_yaml(tmp_path / "best.yaml", cost_model="umt-b", overrides={"frames": 8})
    with pytest.raises(
        ConfigError,
        match="counted for umt-b, frames 8, but costs are those of umt-b, frames 12; --model umt-b --frames 8 would be accepted",
    ):
        to_visualize(schedule=str(path))
    with pytest.raises(ConfigError, match="method 'tome' is none of those in the file"):
        to_visualize(schedule=str(best_yaml(path)), methods="tome")


def test_of_a_study_its_model_and_clips_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        "model: umt-mini\ncost_model: umt-b\nmethods: [tome]\nbudget: 150gflops\ntrials: 7\nreport_split: search\nout: elsewhere\n"
    )
    config = to_visualize(path)
    assert (config.compared, config.budget, config.shown_split, config.out) == (("tome",), "150gflops", "search", None)
    assert to_visualize(path, schedule="100").budget is None
    path.write_text("model: umt-mini\nmethod: tome\nschedule: 20,10\n")
    assert to_visualize(path).reduced("tome")[1] == (20, 10, *[0] * 10)
    path.write_text("model: umt-mini\nmethod: none\n")
    assert to_visualize(path).compared == ("vid-tldr", "tome", "sta")
    path.write_text("model: umt-mini\nmetod: tome\n")
    with pytest.raises(ConfigError, match="unknown setting 'metod'"):
        to_visualize(path)


def test_directories_are_named_after_what_is_shown() -> None:
    names = {to_visualize(budget=budget, methods="tome:metric=features").directory.name for budget in ("60%", "50%")}
    assert len(names) == 2
    assert all(name.startswith("visualize-umt-mini-tome-metric=features-") for name in names)
    assert to_visualize(out="here").directory == Path("here")


def test_the_directory_of_a_study_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "result.json").write_text("{}")
    (tmp_path / "removed.npz").write_text("kept")
    assert main(["visualize", "--method", "vid-tldr", "--schedule", "600", "--out", str(tmp_path)]) == 2
    assert "is the directory of a study; another one would be accepted" in capsys.readouterr().err
    assert (tmp_path / "removed.npz").read_text() == "kept"
