"""Values that no setting and no option can have: one line, exit status 2, before any work."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from tldr_search import check
from tldr_search.__main__ import main
from tldr_search.backbones.architectures import architecture
from tldr_search.config import (
    AblationConfig,
    AnswerConfig,
    ConfigError,
    EvaluateConfig,
    Settings,
    StudyConfig,
    VisualizeConfig,
    default_study,
    from_mapping,
    load,
)
from tldr_search.config.settings import PROCESSES
from tldr_search.names import near
from tldr_search.preflight import check_hardware
from tldr_search.reducers import get_method
from tldr_search.schedule import parse_schedule, whole_number
from tldr_search.winners import read

LARGEST = 2147483647
NINES = "9" * 5000
KINDS: tuple[type[Settings], ...] = (StudyConfig, EvaluateConfig, AblationConfig, AnswerConfig, VisualizeConfig)
BENCHMARKS = {"demo": {}, "with files": {"benchmark": "msrvtt"}, "reduced": {"benchmark": "msrvtt", "schedule": "5"}}


def wrong_for(hint: Any) -> list[object]:
    """Values of other types, and what no machine can hold."""
    others: list[object] = [[1], {"a": [1]}, 10**6000, float("nan") if hint is not float else "x"]
    return others + (["x"] if hint in (bool, float) or "int" in str(hint) else [5, "a\0b", "\ud800"])


@pytest.mark.parametrize("base", BENCHMARKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_type_anywhere_is_told_and_nothing_else_is_looked_at(
    kind: type[Settings], base: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "_files", lambda config, wrong: pytest.fail("looked at files"))
    hints = get_type_hints(kind)
    around = {name: value for name, value in BENCHMARKS[base].items() if name in hints}
    for field in dataclasses.fields(kind):
        for value in wrong_for(hints[field.name])[: None if base == "demo" else 1]:
            with pytest.raises(ConfigError) as raised:
                from_mapping(kind, {**around, field.name: value})
            told = str(raised.value)
            assert any(line.startswith(f"{field.name}: ") for line in raised.value.mistakes.lines), told
            assert "\n" not in told
            assert len(told) < 3000
            assert not raised.value.config.is_typed
            monkeypatch.setattr(check, "load_any", lambda path, error=raised.value: (_ for _ in ()).throw(error))
            assert check.problems("x.yaml") == list(raised.value.mistakes.lines)


@pytest.mark.parametrize(
    "text,said",
    [
        ("budget: 180", "budget: 180 is int; text"),
        ("trials: 2\nbudget:", "budget: None is NoneType"),
        ("schedule: [600, 200]", "schedule: [600, 200] is list"),
        ("schedule: 600,200\nmethod: 5", "method: 5 is int"),
        ("protocol: 5", "protocol: 5 is int"),
        ("k_test: x", "k_test: 'x' is str"),
        ("cache_dir: 5", "cache_dir: 5 is int"),
        ("benchmark: msrvtt\nvideos: 5", "videos: 5 is int"),
        ('cache_dir: "a\\0b"', "cache_dir: 'a\\x00b' holds a NUL character"),
        ('storage: "a\\0b"', "storage: 'a\\x00b' holds a NUL"),
        ('out: ""', "out: '' is empty"),
        (f"out: {'a' * 300}", "has a part of 300 bytes; at most 255"),
        ("out: ~nobody-of-this-name/x", "a home directory that there is not"),
        (f"trials: 0x{'f' * 5000}", "trials: a huge number; a whole number up to 2147483647"),
        ("deadline: 2147483647", "deadline: 2147483647; a whole number from 1 to 86400"),
        ("frames: 1025", "frames: 1025; a whole number from 1 to 1024"),
        ('name: " "', "name: ' '; a name"),
        ('trials: 2\nname: "a\\nb"', r"name: 'a\nb'; a name of at most 128 bytes"),
        (f"trials: 2\nname: {'n' * 300}", "of at most 128 bytes"),
    ],
)
def test_check_tells_it_in_one_line_and_status_2(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "_weights", lambda config, splits: ())
    monkeypatch.setattr(check, "_videos", lambda config, splits: ())
    Path("c.yaml").write_text(text)
    assert main(["check", "c.yaml"]) == 2
    captured = capsys.readouterr()
    assert said in captured.out.splitlines()[0]
    assert captured.err.endswith(" in c.yaml\n")


def test_the_place_of_results_is_asked_for_where_it_can_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong schedule says nothing of where results go, unless that is said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "_weights", lambda config, splits: ())
    monkeypatch.setattr(check, "_videos", lambda config, splits: ())
    Path("file").touch()
    Path("c.yaml").write_text("method: tome\nschedule: 6,x\n")
    (line,) = check.problems("c.yaml")
    assert "entry 2 is 'x'" in line
    schedule, out = check.problems("c.yaml", out="file/x")
    assert "entry 2" in schedule
    assert out.startswith("out: 'file/x' cannot be made")


UNREADABLE = {
    "name: 2001-99-99": "month must be in 1..12",
    f"trials: {NINES}": "4300 digits",
    "a: " + "[" * 3000: "recursion",
    "trials: 2\nseed: 1\ntrials: 3\n": "line 3: 'trials' is given twice",
    "a: {b: 1, b: 2}": "line 1: 'b' is given twice",
    "!!bool x": "is no YAML",
    "# " + "x" * 2**17: "more than 128 KiB",
}


@pytest.mark.parametrize("text", UNREADABLE, ids=lambda text: text[:12])
def test_what_is_no_yaml_of_settings(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"^config {path} is no YAML of settings: ") as raised:
        load(StudyConfig, path)
    assert UNREADABLE[text] in str(raised.value)
    assert "\n" not in str(raised.value)


def test_names_may_come_back_in_other_mappings_and_through_merging(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, x: 2}\n")
    with pytest.raises(ConfigError, match=r"unknown setting 'a'; .*unknown setting 'b'"):
        load(StudyConfig, path)


def test_settings_are_utf_8_wherever_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes("name: é\n".encode())
    monkeypatch.setattr("io.text_encoding", lambda encoding, level=2: encoding or "ascii")
    assert load(StudyConfig, path).name == "é"


def test_a_result_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"a": [' + "[1, 2, 3], " * 10**5 + "1]}")
    with pytest.raises(ValueError, match="JSON; a study or an evaluation"):
        load(StudyConfig, path)
    with pytest.raises(ValueError, match=r"is no best.yaml of a study .more than 128 KiB"):
        read(path)


def test_home_directories_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind in (StudyConfig, EvaluateConfig, AblationConfig, VisualizeConfig):
        assert from_mapping(kind, {"out": "~/x"}).directory == tmp_path / "x"


@pytest.mark.parametrize(
    "words,said",
    [
        ("check <>", "argument CONFIG: '' is empty"),
        ("check --data <>", "argument --data: '' is empty"),
        ("study <>", "argument CONFIG: '' is empty"),
        ("report run --out <>", "argument --out: '' is empty"),
        ("report <>", "argument RUN: '' is empty"),
        ("export <> --out m.pt2", "argument BEST: '' is empty"),
        ("export best.yaml --out <>", "argument --out: '' is empty"),
        ("evaluate --split <>", "split: '' is empty"),
        ("evaluate --out <>", "out: '' is empty"),
        ("evaluate --checkpoint <>", "checkpoint: '' is empty"),
        ("evaluate clip.mp4 --caption <>", "argument --caption: '' is empty"),
        ("visualize --method <>", "methods: '' is empty"),
        ("visualize --video <>", "video: '' is empty"),
        ("ablate where --method <>", "methods: '' is empty"),
        ("study --name <>", "name: ''; a name"),
        ("evaluate --schedule 5", "schedule 5 without a method; --method vid-tldr, tome"),
        ("visualize --budget -60%", "joined on, as in --option=-1; see --help"),
        ("flops umt-b umt-l", "tldr_search flops: unrecognized arguments: umt-l; see --help"),
        ("study --wrokers 2", "tldr_search study: unrecognized arguments: --wrokers; did you mean --workers? see --help"),
        ("study --trials 99999999999999999999", "--trials: 99999999999999999999; a whole number up to 2147483647"),
        (f"study --rung-trials {NINES}", "a whole number up to 2147483647 would be accepted"),
        ("study --workers 100000", "workers: 100000; a whole number from 1 to "),
        ("evaluate --decoders 100000", "decoders: 100000; a whole number from 1 to "),
        ("study --dry-run --frames 2147483647", "frames: 2147483647; a whole number from 1 to 1024"),
        (f"flops umt-b --method tome --schedule {NINES}", "whole numbers from 0 to 2147483647"),
        (f"flops umt-b --method random:seed={NINES}", "a whole number from 0 to 2147483647"),
        ("evaluate --method random:seed=99999999999999999999999", "a whole number from 0 to 2147483647"),
    ],
    ids=lambda text: text[:40],
)
def test_options_that_hold_nothing_or_too_much(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").touch()
    try:
        status = main([word.replace("<>", "") for word in words.split()])
    except SystemExit as stopped:  # as argparse ends
        status = stopped.code
    (line,) = capsys.readouterr().err.splitlines()
    assert (status, said in line) == (2, True), line
    assert len(line) < 600
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_empty_lists_mean_none_where_they_are_no_default() -> None:
    study = default_study(ladder="", parts="", baselines="")
    assert (study.ladder, study.parts, study.baselines) == ((), (), ())


def test_no_more_processes_than_a_machine_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    check_hardware("fp32", PROCESSES)
    says = rf"devices: {PROCESSES + 1}, but there are 3 CPU cores .* a whole number from 1 to {PROCESSES} would be accepted"
    with pytest.raises(ValueError, match=says):
        check_hardware("fp32", PROCESSES + 1)


def test_whole_numbers() -> None:
    assert [whole_number(text) for text in ("0", "600", str(LARGEST))] == [0, 600, LARGEST]
    assert not any(whole_number(text) for text in ("", "-1", "6_0", "²", "٣", " 6", str(LARGEST + 1), NINES))
    assert parse_schedule(f"0, {LARGEST}") == (0, LARGEST)
    assert get_method(f"random:seed={LARGEST}").settings["seed"] == str(LARGEST)
    for frames in (LARGEST + 1, 10**6000):
        with pytest.raises(ValueError, match=f"a whole number from 1 to {LARGEST} would be accepted"):
            architecture("umt-b", frames=frames)


def test_of_many_names_only_the_near_ones_are_told() -> None:
    many = [f"model-{letter}" for letter in "abcdefghijklmnop"]
    assert near("modl-a", many, "--help").startswith("did you mean model-a or ")
    assert near("modl-a", many, "--help").endswith("? --help tells all")
    assert near("xyz", many, "--help") == f"accepted are {', '.join(many)}"
    assert near("tmoe", ["tome", "sta"], "--help") == "did you mean tome? accepted are tome, sta"
    with pytest.raises(ConfigError) as raised:
        from_mapping(StudyConfig, {"trails": 3})
    assert str(raised.value).endswith("? --help tells all")
