"""The contract of the command line: what it prints, how it fails, how fast it answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tldr_search import commands, config, listing
from tldr_search.__main__ import main
from tldr_search.config import StudyConfig
from tldr_search.data.benchmarks import BENCHMARKS, demo
from tldr_search.identity import contents

Run = Callable[..., Any]


def identity(study: StudyConfig) -> tuple[str, ...]:
    return tuple(contents(study, [BENCHMARKS[study.benchmark].reader(study.source(split)) for split in study.splits]).values())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process; gives the JSON of its last line."""

    def call(*words: str) -> Any:
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return call


@pytest.mark.parametrize(
    "words,gflops",
    [
        (["umt-b"], 303.3),
        (["umt-b", "--method", "vid-tldr", "--schedule", "600,200,100"], 178.0),
        (["umt-b", "--method", "vid-tldr", "--schedule", "500"], 227.6),
        (["umt-l"], 984.6),
        (["umt-b", "--method", "tome:metric=features", "--schedule", ",".join(["100"] * 12)], 218.7),
        (["umt-b", "--frames", "4"], 78.5),
        (["videomae-b", "--method", "sta", "--schedule", "64"], 96.5),
    ],
)
def test_flops_prints_the_published_numbers(run: Run, words: list[str], gflops: float) -> None:
    row = run("flops", *words)
    assert round(row["gflops"], 1) == gflops
    assert sum(layer["macs"] for layer in row["layers"]) + row["patch_embed_macs"] + row["tail_macs"] == round(row["gflops"] * 1e9)


def test_flops_follows_the_tokens(run: Run) -> None:
    row = run("flops", "umt-b", "--method", "vid-tldr", "--schedule", "600,200,100", "--verify")
    assert row["schedule"] == [600, 200, 100] + [0] * 9
    assert row["tokens"][:5] == [2352, 1752, 1552, 1452, 1452]
    assert row["equal"] is True
    assert row["frames"] == 12
    assert row["base_gflops"] == pytest.approx(303.343, abs=1e-3)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(1)], ids=["ctrl-c", "as Lightning passes it on"])
def test_an_interruption_has_its_own_status(monkeypatch: pytest.MonkeyPatch, stop: BaseException) -> None:
    def stopped(what: str) -> None:
        raise stop

    monkeypatch.setattr("tldr_search.listing.list_", stopped)
    assert main(["list", "models"]) == 130


def test_flops_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flops", "umt-b", "--method", "vid-tldr", "--schedule", "500"]) == 0
    text = capsys.readouterr().out
    assert "227.6 GFLOPs per clip, 75.0 % of the unreduced 303.3" in text


@pytest.mark.parametrize("what,least", [("models", 7), ("methods", 6), ("benchmarks", 15), ("protocols", 7), ("schedules", 20)])
def test_lists(run: Run, what: str, least: int) -> None:
    assert len(run("list", what)[what]) >= least


MISTAKES = {
    "flops umt-x": ["unknown model 'umt-x'", "umt-b"],
    "flops umt-b --method tomee": ["unknown method 'tomee'", "did you mean tome?"],
    "flops umt-b --method tome:metric=pixels": ["metric='pixels'", "keys or features"],
    "flops umt-b --method vid-tldr --schedule 2000": ["r = 2000", "layer 1 of 12", "0 to 1176"],
    "flops umt-b --method tome --schedule 60,a": ["entry 2 is 'a'", "600,200,100"],
    "flops umt-b --method sta --schedule 1,2,3,4": ["4 entries", "at most 3"],
    "study --budget 10gflops": ["10gflops", "least"],
    "study --budget 400gflops": ["400gflops", "303.3"],
    "study --budget 180gflop": ["'gflop'", "did you mean 180gflops?"],
    "study --budget 25ms": ["measured on umt-mini, which runs, but schedules are those of umt-b", "--cost-model umt-mini"],
    "study --budget 25gflop/s": ["'gflop/s'", "180gflops, 60% (of the unreduced model), 25ms, 900mib or a range"],
    "study --first-layers 1 --budget 60gflops": ["out of reach with first_layers 1", "least"],
    "study --sampler tep": ["unknown 'tep'", "did you mean tpe?"],
    "study --parts 50%,20%": ["parts: 50%, 20%", "rising"],
    "study --alpha 2": ["alpha: 2.0", "between 0 and 1"],
    "study --search-split report": ["both 'report'", "--allow-same-split"],
    "study --model umt-l": ["umt-l has no weights in the package", "vocabulary: none in 'data/checkpoints'; vocab.txt of umt-l"],
    "study --model videomae-b": ["videomae-b has no text tower", "umt-mini, umt-b, umt-l, clip-b16"],
    "study --cost-model umt-l": ["umt-l has 24 layers", "umt-mini has 12"],
    "study --benchmark msrvt": ["unknown 'msrvt'", "did you mean msrvtt or msrvtt-qa? `list benchmarks` tells all"],
    "study missing.yaml": ["missing.yaml", "No such file"],
    "evaluate --checkpoint missing.pth": ["'missing.pth'"],
    "evaluate --model umt-b --task classification": ["umt-b has no classifier", "umt-mini, videomae-s"],
    "evaluate --split train": ["unknown 'train'", "report, search"],
    "evaluate --benchmark msrvtt": ["data/annotations/msrvtt_ret_test1k.json: no such file", "--data or TLDR_SEARCH_DATA"],
    "evaluate --data nowhere": ["data: 'nowhere' is no directory", "annotations/, videos/ and checkpoints/"],
    "evaluate --protocol swin-k400": ["swin-k400 cuts 12 views; for retrieval one of umt"],
    "evaluate --prompt photo": ["prompt: 'photo'", "one {} for the name"],
    "evaluate --on-bad-video skip": ["unknown 'skip'", "fail, exclude"],
    "evaluate nothing.mp4": ["'nothing.mp4': no such file", "a config (.yaml) or a video"],
    "evaluate --caption man": ["--caption and --classes with a benchmark", "a video file"],
    "evaluate --method sta --schedule 600": ["r = 600", "stage 1", "0 to 98"],
    "report missing": ["'missing'", "result.json"],
    "list colours": ["'colours'", "models"],
}


@pytest.mark.parametrize("command", MISTAKES)
def test_a_mistake_is_one_clear_line_and_status_2(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    for part in MISTAKES[command]:
        assert part in captured.err
    assert not list(tmp_path.iterdir())  # nothing was begun


@pytest.mark.parametrize(
    "command,said",
    [
        ("study --trials x", "tldr_search study: argument --trials: 'x'; a whole number up to 2147483647 would be accepted; see --help"),
        ("list", "tldr_search list: the following arguments are required: models|methods|benchmarks|protocols|schedules; see --help"),
        ("lst", "invalid choice: 'lst'"),
        ("study --alpha x", "tldr_search study: argument --alpha: 'x'; a number would be accepted; see --help"),
        ("study --wrokers 2", "unrecognized arguments: --wrokers"),
    ],
)
def test_a_mistake_in_the_options_is_one_line_too(command: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(command.split())
    assert stopped.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_fault_is_not_called_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(listing.LISTS, "models", partial(int, "not ours"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not ours"):  # its deepest frame is listing.list_
        main(["list", "models"])


def test_only_a_raise_of_our_own_tells_a_mistake(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Python's own errors at a line of the package are faults; a `raise`, in one line or in several, tells a mistake."""
    faults = {
        "literal": "def faulty(what):\n    return int(what)\n",
        "in a raise": "def faulty(what):\n    raise ValueError(f'{int(what)}')\n",
        "in a long raise": "def faulty(what):\n    raise ValueError(\n        f'{int(what)}'\n    )\n",
    }
    mistakes = {
        "short": "def faulty(what):\n    raise ValueError(f'no {what}')\n",
        "long": "def faulty(what):\n    raise ValueError(\n        f'no '\n        f'{what}'\n    )\n",
        "from": "def faulty(what):\n  try:\n    int(what)\n  except ValueError as e:\n    raise ValueError(f'no {what}') from e\n",
    }
    for name, source in (faults | mistakes).items():
        file = str(Path(commands.__file__).with_name(f"{name}.py"))  # which is not there, as where source was edited or left at home
        space: dict[str, Any] = {}
        exec(compile(source, file, "exec"), space)
        monkeypatch.setattr("tldr_search.listing.list_", space["faulty"])
        if name in faults:
            with pytest.raises(ValueError, match="invalid literal"):
                main(["list", "models"])
        else:
            assert main(["list", "models"]) == 2
            assert capsys.readouterr().err == "tldr_search list: no models\n"


def test_a_path_that_cannot_be_written_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    for words in ("study --out file/run", "report run --out file/run"):
        monkeypatch.setattr(commands, "report", lambda run, out, measuring: out.mkdir(parents=True))
        assert main(words.split()) == 2
        captured = capsys.readouterr()
        assert captured.err.splitlines() == [captured.err.strip()]
        assert "file/run" in captured.err
        assert "Not a directory" in captured.err

    def faulty(what: str) -> None:
        (tmp_path / "nowhere" / what).read_text()

    monkeypatch.setattr(listing, "list_", faulty)
    with pytest.raises(FileNotFoundError):
        main(["list", "models"])


@pytest.mark.parametrize(
    "gpus,words,said",
    [
        (0, "evaluate --precision fp16", "precision: fp16 needs a GPU, and there is none here; fp32 or bf16 would be accepted"),
        (0, "study --precision fp16", "precision: fp16 needs a GPU"),
        (2, "evaluate --devices 3", "devices: 3, but there are 2 GPUs here; a whole number from 1 to 2 would be accepted"),
    ],
)
def test_what_the_hardware_cannot_do(
    gpus: int, words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpus > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert main(words.split()) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_run_knows_its_weights_annotations_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = identity(config.default_study())
    assert packaged == identity(config.default_study(seed=3))
    copy = tmp_path / "elsewhere.safetensors"
    copy.write_bytes((Path(commands.__file__).parents[1] / "demo" / "umt_mini.safetensors").read_bytes())
    assert identity(config.default_study(checkpoint=str(copy))) == packaged
    copy.write_bytes(b"others")
    others = identity(config.default_study(checkpoint=str(copy)))
    assert len({others, identity(config.default_study(checkpoint=str(tmp_path)))}) == 2  # a directory
    in_directory = identity(config.default_study(checkpoint=str(tmp_path)))
    (tmp_path / "config.json").write_text("{}")
    assert identity(config.default_study(checkpoint=str(tmp_path))) != in_directory
    benchmark = BENCHMARKS["demo"]
    changed = replace(benchmark, reader=lambda source: replace(split := benchmark.reader(source), texts=("a",) * len(split.texts)))
    monkeypatch.setitem(BENCHMARKS, "demo", changed)
    assert len({packaged, others, identity(config.default_study()), identity(config.default_study(checkpoint="random"))}) == 4
    before = identity(config.default_study())
    monkeypatch.setattr("tldr_search.__version__", "0.0")
    assert identity(config.default_study()) != before


@pytest.mark.parametrize("words", [["--help"], ["study", "--help"], ["flops", "umt-b"]])
def test_quick_answers_import_nothing_heavy(words: list[str]) -> None:
    code = f"import sys\nfrom tldr_search.__main__ import main\ntry:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
    code += "heavy = {'torch', 'lightning', 'optuna', 'matplotlib', 'scipy', 'decord'} & set(sys.modules)\nassert not heavy, heavy\n"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=600)


def test_evaluate_counts_for_the_cost_twin(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "result"
    row = run("evaluate", "--split", "search", "--method", "vid-tldr", "--schedule", "600,200,100", "--out", str(out))
    assert round(row["gflops"], 1) == 178.0
    assert row["evaluated"][:4] == [73, 25, 12, 0]  # tokens left of 288, rounded: 215, 190, 178
    assert row["num_samples"] == 200
    assert json.loads((out / "card.json").read_text()) == {name: value for name, value in row.items() if name != "files"}
    with np.load(out / "outcomes.npz") as kept:
        assert (kept["t2v_rank"] == 1).mean() * 100 == pytest.approx(row["score"]) == pytest.approx(row["metrics"]["t2v_r1"])
    assert row["metrics"]["mean_r1"] == pytest.approx((row["metrics"]["t2v_r1"] + row["metrics"]["v2t_r1"]) / 2)
    assert row["ci95"] == row["intervals"]["t2v_r1"]["ci95"]
    assert row["ci95"][0] <= row["score"] <= row["ci95"][1]
    assert row["dataset"]["num_texts"] == row["num_videos"] == 200
    assert len(row["sha256"]["checkpoint"]) == len(row["sha256"]["annotations"]["search.json"]) == 64
    assert row["clips_per_second"] > 0
    assert not (out / "unfinished").exists()


def test_evaluate_classifies(run: Run, tmp_path: Path) -> None:
    row = run("evaluate", "--split", "search", "--task", "classification", "--out", str(tmp_path))
    assert set(row["metrics"]) == {"top1", "top5"}
    assert row["score"] == row["metrics"]["top1"] > 100 / 8


def test_a_single_video(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads((demo.ROOT / "report.json").read_text())
    video = str(demo.ROOT / rows[0]["video"])
    captions = [row["caption"] for row in rows[:5]]
    found = run("evaluate", video, *(word for caption in captions for word in ("--caption", caption)))
    assert found["answers"][0]["name"] == captions[0]
    assert len(found["answers"]) == 5
    found = run("evaluate", video, "--method", "tome", "--schedule", "600")
    assert {entry["name"] for entry in found["answers"]} == set(demo.CLASSES)
    assert sum(entry["score"] for entry in found["answers"]) == pytest.approx(1)
    assert main(["evaluate", video, "--split", "report"]) == 2
    assert "--split with a single video" in capsys.readouterr().err


def test_a_dry_run_says_what_a_study_would_do_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    found = run("study", "--dry-run", "--method", "tome", "--ladder", "", "--batch-size", "10", "--out", str(out))
    assert (found["unit"], found["budget"], found["rungs"]) == ("gflops", 180, [180])
    (tome,) = found["methods"]
    assert (tome["method"], tome["slots"]) == ("tome", 12)
    assert tome["least"] < 180 < tome["base"]
    assert tome["schedules"] > 1e20
    assert {job["what"]: job["evaluations"] for job in found["jobs"]}["trials"] == 8
    assert found["seconds"] > 0
    assert not out.exists()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest study that shows everything, run as a user would."""
    folder = tmp_path_factory.mktemp("empty")
    done = subprocess.run(
        [sys.executable, "-m", "tldr_search", *SMALL.split()], cwd=folder, check=True, capture_output=True, text=True, timeout=600
    )
    (folder / "stdout.txt").write_text(done.stdout)
    return folder


@pytest.fixture
def print_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the files for print is tested in tests/report; they take half of the time of a report."""
    for name in ("png_bytes", "pdf_bytes"):
        monkeypatch.setattr(f"tldr_search.report.drawings.files.{name}", lambda figure: b"")


@pytest.fixture
def copy(finished: Path, tmp_path: Path, print_is_empty: None) -> Path:
    """Of the finished run, to be reported again."""
    return Path(shutil.copytree(finished / "run", tmp_path / "run"))


SMALL = "study --budget 180gflops --ladder 180gflops --method sta --trials 1 --rung-trials 1 --no-probes --no-known-shapes"
SMALL += " --baselines= --shown-clips 1 --out run"


def test_a_study_leaves_a_report(finished: Path) -> None:
    run = finished / "run"
    lines = (finished / "stdout.txt").read_text().splitlines()
    files = lines[len(lines) - lines[::-1].index("") :]
    assert files[0] == "run/report.html"
    assert {"run/pareto.png", "run/front.csv", "run/best.yaml", "run/figures", "run/tables"} < set(files)
    assert all((finished / file).stat().st_size > 200 for file in files)
    for name in ("report.html", "pareto.png", "pareto.svg", "front.csv", "front.json", "best.yaml"):
        assert (run / name).stat().st_size > 200, name
    assert any("quality measured on umt-mini, cost counted for umt-b" in line.lower() for line in lines)


def test_best_yaml_holds_schedules_of_the_cost_model(finished: Path, run: Run) -> None:
    best = yaml.safe_load((finished / "run" / "best.yaml").read_text())
    for method, entry in best["methods"].items():
        counted = run("flops", "umt-b", "--method", method, "--schedule", ",".join(map(str, entry["schedule"])))["gflops"]
        assert counted == pytest.approx(entry["gflops"], abs=1e-3)
        assert 180 * 0.998 < counted <= 180


def test_a_finished_study_is_only_reported(copy: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = copy / "journal.log"
    before = ledger.read_text()
    monkeypatch.chdir(copy.parent)
    summary = run(*SMALL.split())
    assert ledger.read_text() == before
    assert set(summary["best"]) == {"sta"}
    assert summary["budget_gflops"] == 180
    assert {"schedule", "gflops", "score", "ci95"} <= set(summary["best"]["sta"])


def test_other_settings_need_another_directory(finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(finished)
    assert main([*SMALL.split(), "--seed", "1"]) == 2
    assert "seed" in capsys.readouterr().err


def test_the_reports_of_several_runs_are_one_object(copy: Path, run: Run, tmp_path: Path) -> None:
    one = run("report", str(copy))
    assert one["num_trials"] > 0
    shutil.copytree(copy, tmp_path / "other")
    found = run("report", str(copy), str(tmp_path / "other"), "--out", str(tmp_path / "both"))
    assert found["runs"] == [one, {**one, "run": str(tmp_path / "other")}]
    assert [series["label"] for panel in found["panels"] for series in panel["series"]] == ["run", "other"]


def test_report_again_elsewhere(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], print_is_empty: None) -> None:
    assert main(["report", str(finished / "run"), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "report.html").is_file()
    assert "sta" in capsys.readouterr().out


def test_check_finds_every_problem_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for split in ("search", "report"):
        rows = json.loads((demo.ROOT / f"{split}.json").read_text())[:3]
        (tmp_path / f"{split}.json").write_text(json.dumps(rows))
        (tmp_path / split).mkdir()
        for row in rows[1:]:
            (tmp_path / row["video"]).write_bytes((demo.ROOT / row["video"]).read_bytes())
    (tmp_path / "report/002.mp4").write_bytes(b"torn")
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    assert main(["check"]) == 2
    captured = capsys.readouterr()
    assert "search/000.mp4: no such file" in captured.out
    assert "report/000.mp4: no such file" in captured.out
    assert "report/002.mp4: " in captured.out
    assert "3 problems" in captured.err
