"""The `best.yaml` of a study in the place of a schedule: in Python, in the settings and on the command line."""

import copy
import functools
import json
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import tldr_search as ts
from tldr_search import commands
from tldr_search.__main__ import main
from tldr_search.backbones.architectures import architecture
from tldr_search.config import ConfigError, EvaluateConfig, default_evaluation, load, one_video
from tldr_search.reducers import get_method
from tldr_search.schedule import transfer
from tldr_search.winners import read

ZEROS = [0] * 9
TOME, STA = [71, 24, 12, *ZEROS], [13, 0, 1]
"""In the counts of umt-mini."""
TWIN: dict[str, Any] = {
    "best": "tome",
    "methods": {
        "tome": {
            "schedule": [581, 193, 96, *ZEROS],
            "gflops": 179.8664,
            "evaluated": {"model": "umt-mini", "schedule": TOME},
        },
        "sta": {"schedule": [72, 0, 0], "gflops": 179.9609, "evaluated": {"model": "umt-mini", "schedule": STA}},
    },
    "provenance": {"model": "umt-mini", "cost_model": "umt-b", "overrides": {}},
}
OWN: dict[str, Any] = {
    "best": "tome:metric=features",
    "methods": {
        "tome:metric=features": {"schedule": [100, 0, 50], "gflops": 1.0, "evaluated": {"model": "videomae-b", "schedule": [100, 0, 50]}}
    },
    "provenance": {"model": "videomae-b", "cost_model": "videomae-b", "overrides": {"frames": 8, "num_classes": 174}},
}


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    """Evaluated on umt-mini, counted for umt-b."""
    path = tmp_path / "best.yaml"
    path.write_text(yaml.safe_dump(TWIN))
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Evaluated on the model that is counted, of other frames and classes than its row."""
    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump(OWN))
    return path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """The JSON of a command's last line."""

    def call(*words: str) -> Any:
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return call


def test_gflops_in_the_counts_of_the_model_that_is_asked_for(twin: Path, own: Path) -> None:
    assert round(ts.gflops("umt-b", schedule=twin), 4) == 179.8664
    assert round(ts.gflops("umt-b", "sta", str(twin)), 4) == 179.9609
    assert ts.gflops("umt-mini", schedule=twin) == ts.gflops("umt-mini", "tome", (71, 24, 12))
    spec = "tome:metric=features"
    shape = {"frames": 8, "num_classes": 174}
    assert ts.gflops("videomae-b", schedule=own, **shape) == ts.gflops("videomae-b", spec, (100, 0, 50), **shape)


@torch.inference_mode()
def test_a_model_with_a_schedule_of_its_own(twin: Path) -> None:
    plain = ts.load_backbone("umt-mini")
    video = torch.randn(2, 3, 8, 96, 96, generator=torch.Generator().manual_seed(0))
    expected = plain(video, "tome", (71, 24, 12))
    assert expected.tokens.shape[1] == 8 * 36 - 71 - 24 - 12
    models = [
        ts.load_backbone(twin),
        ts.load_backbone("umt-mini", schedule=twin),
        ts.load_backbone("umt-mini", method="tome", schedule=(71, 24, 12)),
        ts.Reduced(plain, "none", twin),
    ]
    for model in models:
        assert isinstance(model, ts.Reduced)
        assert (model.model, model.method, model.schedule) == ("umt-mini", "tome", (71, 24, 12, *ZEROS))
        assert model.gflops == ts.gflops("umt-mini", "tome", (71, 24, 12))
        assert not model.training
        assert all(map(torch.equal, model(video), expected))
    assert all(map(torch.equal, plain(video, schedule=str(twin)), expected))
    assert all(map(torch.equal, plain(video, "sta", twin), plain(video, "sta", (13, 0, 1))))
    assert not isinstance(plain, ts.Reduced)


def test_the_model_of_the_file_has_its_frames_and_classes(own: Path) -> None:
    model = ts.load_backbone(own, "random", dim=768)
    assert (model.model, model.method, model.schedule[:3]) == ("videomae-b", "tome:metric=features", (100, 0, 50))
    assert model.clip_shape == (3, 8, 224, 224)
    assert model.backbone.arch.num_classes == 174


MISTAKES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another model": (
        lambda path: ts.gflops("umt-l", schedule=path),
        "is for umt-b at 12 frames of 224 x 224, evaluated on umt-mini, not for umt-l",
    ),
    "other frames": (lambda path: ts.gflops("umt-b", schedule=path, frames=8), "not for umt-b at 8 frames"),
    "other frames of the evaluated model": (lambda path: ts.gflops("umt-mini", schedule=path, frames=4), "not for umt-mini at 4 frames"),
    "another depth": (lambda path: ts.gflops("umt-mini", schedule=path, depth=6), "not for umt-mini"),
    "another method": (lambda path: ts.gflops("umt-b", "random", path), "method 'random' is none of those in the file"),
    "no file": (lambda path: ts.gflops("umt-b", schedule=path.with_name("x.yaml")), "no such file"),
    "a directory": (lambda path: ts.gflops("umt-b", schedule=path.parent), "no such file"),
    "text": (lambda path: ts.gflops("umt-b", "tome", "600,200"), "numbers, or the best.yaml of a study, would be accepted"),
    "a schedule twice": (lambda path: ts.load_backbone(path, schedule=(1,)), "one of them would be accepted"),  # type: ignore[call-overload]
    "a method alone": (lambda path: ts.load_backbone("umt-mini", method="tome"), "without a schedule"),  # type: ignore[call-overload]
}


@pytest.mark.parametrize("what", MISTAKES)
def test_mistakes_are_one_line(what: str, twin: Path) -> None:
    call, said = MISTAKES[what]
    with pytest.raises(ValueError) as raised:
        call(twin)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_shape_of_a_cost_model_is_not_that_of_the_model_beside_it(twin: Path, own: Path) -> None:
    """Of what a cost twin is counted at, nothing follows for what runs."""
    twin.write_text(changed(TWIN, "provenance/overrides", {"frames": 16}))
    assert (read(twin).overrides, read(twin).evaluated_overrides) == ({"frames": 16}, {})
    assert read(own).evaluated_overrides == read(own).overrides == {"frames": 8, "num_classes": 174}


CONTENTS = {
    "": "the file is missing, no mapping",
    "[]": "the file is an empty list, no mapping",
    "&a [*a]": "the file is a list, no mapping",
    "methods: 3": "provenance is missing, no mapping",
    "a: [": "while parsing",
    "[" * 20000: "recursion",
    "!!int ''": "out of range",
}


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content[:10])
def test_a_file_that_is_something_else(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"is no best.yaml of a study .* one would be accepted") as raised:
        read(path)
    assert CONTENTS[content] in str(raised.value)
    assert "\n" not in str(raised.value)


COUNT = "no whole number from 0"
DAMAGED: list[tuple[str, Any, str]] = [
    ("methods/tome/schedule", [600.7, 200, 100], f"methods: tome: schedule: entry 1 is 600.7, {COUNT}"),
    ("methods/tome/schedule", [600, True], f"entry 2 is True, {COUNT}"),
    ("methods/tome/schedule", [600, "200"], f"entry 2 is '200', {COUNT}"),
    ("methods/tome/schedule", [float("inf")], f"entry 1 is inf, {COUNT}"),
    ("methods/tome/schedule", [-1], f"entry 1 is -1, {COUNT}"),
    ("methods/tome/schedule", [[600]], f"entry 1 is a list, {COUNT}"),
    ("methods/tome/schedule", [10**50], f"entry 1 is a huge number, {COUNT}"),
    ("methods/tome/schedule", "600", "methods: tome: schedule is '600', no list"),
    ("methods/tome/schedule", {1: 2}, "schedule is a mapping, no list"),
    ("methods/tome/schedule", [], "schedule is an empty list, no list"),
    ("methods/tome/evaluated/schedule", [71.0], f"methods: tome: evaluated: schedule: entry 1 is 71.0, {COUNT}"),
    ("methods/tome/evaluated/schedule", None, "methods: tome: evaluated: schedule is missing, no list"),
    ("methods/tome/evaluated", [71], "methods: tome: evaluated is a list, no mapping"),
    ("methods/tome", None, "methods: tome is missing, no mapping"),
    ("methods", {}, "methods: there is none"),
    ("methods", {1: TWIN["methods"]["tome"]}, "methods: a name is 1, no text"),
    ("best", "vid-tldr", "best: 'vid-tldr' is none of its methods, "),
    ("best", 3, "best is 3, no text"),
    ("provenance/model", 3, "provenance: model is 3, no text"),
    ("provenance/overrides", {"name": "x"}, "provenance: overrides: 'name' is neither frames nor num_classes"),
    ("provenance/overrides", {"activation": [1]}, "'activation' is neither frames nor num_classes"),
    ("provenance/overrides", {1: 2}, "provenance: overrides: a name is 1, no text"),
    ("provenance/overrides", {"frames": "8"}, f"provenance: overrides: frames is '8', {COUNT}"),
    ("provenance/overrides", None, "provenance: overrides is missing, no mapping"),
]


def changed(content: dict[str, Any], place: str, value: object) -> str:
    """The text of a file in which something else stands in one place."""
    content = copy.deepcopy(content)
    *above, last = place.split("/")
    functools.reduce(operator.getitem, above, content)[last] = value
    return yaml.safe_dump(content)


@pytest.mark.parametrize("place,value,said", DAMAGED, ids=[f"{place}-{i}" for i, (place, _, _) in enumerate(DAMAGED)])
def test_a_damaged_file_is_told_in_one_line(place: str, value: object, said: str, twin: Path) -> None:
    twin.write_text(changed(TWIN, place, value))
    with pytest.raises(ValueError, match=r"is no best.yaml of a study .* one would be accepted") as raised:
        read(twin)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("command", ["flops --schedule", "bench --schedule", "evaluate --schedule", "visualize --schedule", "export"])
def test_no_command_takes_a_damaged_file(command: str, twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twin.write_text(changed(TWIN, "methods/tome/schedule", [600.7, 200, 100]))
    assert main([*command.split(), str(twin), *(["--out", str(twin.with_name("m.pt2"))] if command == "export" else [])]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "entry 1 is 600.7" in line


def test_schedules_that_do_not_belong_together(twin: Path, own: Path) -> None:
    """One of a pair was changed: in the counts of the cost model, and of a model that is counted itself."""
    twin.write_text(changed(TWIN, "methods/tome/schedule", [581, 150, 96]))
    own.write_text(changed(OWN, "methods/tome:metric=features/evaluated/schedule", [100, 0, 51]))
    for call in (lambda: ts.gflops("umt-b", schedule=twin), lambda: default_evaluation(schedule=str(twin))):
        with pytest.raises(ValueError, match=r"tome's schedule 581,150,96 of umt-b does not become 71,24,12,.* on umt-mini") as raised:
            call()
        assert "\n" not in str(raised.value)
    with pytest.raises(ValueError, match="100,0,50 of videomae-b does not become 100,0,51"):
        ts.gflops("videomae-b", schedule=own, frames=8, num_classes=174)
    assert ts.gflops("umt-b", "sta", twin) == ts.gflops("umt-b", "sta", (72, 0, 0))


def test_a_study_may_have_evaluated_other_frames_than_the_model_has(twin: Path) -> None:
    """The file does not say how many; the schedule, carried to so many, is the one that ran."""
    sixteen = architecture("umt-mini", frames=16).geometry
    carried = transfer(TWIN["methods"]["tome"]["schedule"], get_method("tome"), architecture("umt-b").geometry, sixteen)
    assert list(carried) != TOME
    twin.write_text(changed(TWIN, "methods/tome/evaluated/schedule", list(carried)))
    assert ts.gflops("umt-b", schedule=twin) == ts.gflops("umt-b", "tome", (581, 193, 96))
    assert ts.gflops("umt-mini", schedule=twin, frames=16) == ts.gflops("umt-mini", "tome", carried, frames=16)


def test_settings_in_the_counts_of_what_is_counted(twin: Path) -> None:
    config = default_evaluation(schedule=str(twin))
    assert (config.model, config.costs) == ("umt-mini", "umt-b")
    assert config.reduction == ("tome", (581, 193, 96, *ZEROS))
    assert config.in_numbers() == default_evaluation(method="tome", schedule="581,193,96")
    assert config.directory == config.in_numbers().directory
    assert config.directory.name.startswith("umt-mini-demo-report-tome-581-193-96-")
    own_counts = default_evaluation(model="umt-mini", schedule=str(twin))
    assert own_counts.reduction == ("tome", (71, 24, 12, *ZEROS))
    assert transfer(config.r, get_method("tome"), config.counted.geometry, own_counts.counted.geometry) == own_counts.r
    assert one_video(schedule=str(twin), method="sta").reduction == ("sta", (72, 0, 0))


def test_a_single_entry_of_sta_would_mean_another_schedule(twin: Path) -> None:
    assert default_evaluation(schedule=str(twin), method="sta").in_numbers().schedule == "72,0"


def test_settings_tell_every_mistake(twin: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        EvaluateConfig(model="umt-mini", cost_model="clip-b16", schedule=str(twin), precision="fp8")
    precision, schedule = raised.value.mistakes.lines
    assert "'fp8'" in precision
    assert "is for umt-b at 12 frames of 224 x 224, evaluated on umt-mini, not for clip-b16 at 32 frames" in schedule
    with pytest.raises(ConfigError, match="no such file"):
        EvaluateConfig(model="umt-mini", schedule="missing.yaml")
    config = tmp_path / "evaluate.yaml"
    config.write_text(f"model: umt-mini\ncost_model: umt-b\nschedule: {twin}\n")
    assert load(EvaluateConfig, config).r == (581, 193, 96, *ZEROS)


def test_flops_of_the_file(twin: Path, own: Path, told: Callable[..., Any]) -> None:
    row = told("flops", "--schedule", str(twin))
    assert (row["model"], row["method"], row["schedule"][:3], round(row["gflops"], 4)) == ("umt-b", "tome", [581, 193, 96], 179.8664)
    assert row["schedule_from"] == str(twin)
    row = told("flops", "umt-mini", "--schedule", str(twin), "--method", "sta")
    assert (row["model"], row["method"], row["schedule"]) == ("umt-mini", "sta", [13, 0, 1])
    row = told("flops", "--schedule", str(own))
    assert (row["model"], row["frames"], row["method"]) == ("videomae-b", 8, "tome:metric=features")
    assert told("flops", "umt-b")["schedule_from"] is None


@pytest.mark.parametrize(
    "words,said",
    [
        ("flops", "no MODEL"),
        ("bench", "no MODEL"),
        ("bench --re-ranking", "no MODEL"),
        ("flops --schedule missing.yaml", "'missing.yaml': no such file"),
        ("flops videomae-b --schedule best.yaml", "is for umt-b at 12 frames"),
        ("bench umt-l --schedule best.yaml", "is for umt-b at 12 frames"),
        ("evaluate --model clip-b16 --checkpoint random --schedule best.yaml", "is for umt-b at 12 frames"),
        ("evaluate best.yaml", "is the best.yaml of a study; --schedule best.yaml would be accepted"),
        ("export best.yaml --out m.txt", "ends in '.txt'; .pt2 or .onnx would be accepted"),
        ("export best.yaml --schedule 5 --out m.pt2", "one of them would be accepted"),
        ("export --out m.pt2", "no model"),
        ("export --out m.pt2 --model umt-mini --schedule 5", "schedule 5 without a method"),
        ("export best.yaml --out m.pt2 --model umt-b", "umt-b has no packaged weights"),
        ("export best.yaml --out m.pt2 --model umt-b --checkpoint random --frames 8", "not for umt-b at 8 frames"),
        ("export best.yaml --out m.pt2 --batch-size 0", "batch size 0"),
        ("export best.yaml --out new/deep/m.pt2 --model umt-b", "umt-b has no packaged weights"),
        ("export best.yaml --out m.pt2/x.onnx --checkpoint missing.pth", "missing.pth"),
    ],
)
def test_mistakes_on_the_command_line(
    words: str, said: str, twin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(twin.parent)
    assert main(words.split()) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith(f"tldr_search {words.split()[0]}: ")
    assert said in last
    assert [path.name for path in twin.parent.iterdir()] == ["best.yaml"]


@pytest.mark.parametrize("name,batch_size,said", [("m.pt2", 1, "m.pt2' is a directory; a file's name"), ("m.onnx", 0, "batch size 0")])
def test_export_refuses_before_it_loads(name: str, batch_size: int, said: str, twin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (twin.parent / "m.pt2").mkdir()
    monkeypatch.setattr("tldr_search.reduced.load_backbone", None)
    with pytest.raises(ValueError, match=said):
        commands.export(twin.parent / name, twin, batch_size=batch_size)


def test_a_directory_that_was_there_stays(twin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (twin.parent / "old").mkdir()
    assert main(["export", str(twin), "--out", str(twin.parent / "old" / "new" / "m.pt2"), "--checkpoint", "missing.pth"]) == 2
    assert "missing.pth" in capsys.readouterr().err
    assert list((twin.parent / "old").iterdir()) == []


def test_export_of_a_method_by_numbers(tmp_path: Path, told: Callable[..., Any]) -> None:
    out = tmp_path / "new" / "m.pt2"
    words = ["--model", "umt-mini", "--method", "tome", "--schedule", "60,20", "--batch-size", "2", "--no-check"]
    row = told("export", *words, "--out", str(out))
    assert row["files"] == [str(out)]
    assert row["bytes"] == out.stat().st_size
    assert row["inputs"] == {"video": [2, 3, 8, 96, 96]}
    assert row["outputs"] == {"pooled": [2, 128], "tokens": [2, 208, 128], "size": [2, 208], "logits": [2, 8]}
    assert (row["checked"], row["unchecked"]) == (None, "as asked")


def test_onnx_without_its_packages(twin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("tldr_search.export.formats.find_spec", lambda name: None)
    assert main(["export", str(twin), "--out", str(twin.with_name("m.onnx"))]) == 2
    assert "needs onnx and onnxscript, not installed here; pip install 'tldr-search[export]'" in capsys.readouterr().err
