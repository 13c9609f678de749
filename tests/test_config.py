"""Settings: YAML in and out, and every mistake one clear line."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from tldr_search.backbones.architectures import PACKAGED
from tldr_search.config import (
    ConfigError,
    EvaluateConfig,
    Settings,
    StudyConfig,
    default_study,
    default_texts,
    from_mapping,
    help_texts,
    load,
    load_any,
    task_of,
    to_yaml,
)


def test_yaml_in_and_out(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    config = default_study(seed=7, methods=["tome:metric=features"])
    path.write_text(to_yaml(config))
    assert load(StudyConfig, path) == config
    assert load(StudyConfig, path, seed=8).seed == 8
    evaluate = EvaluateConfig(method="sta", schedule="4,4,4")
    path.write_text(to_yaml(evaluate))
    assert load(EvaluateConfig, path) == evaluate


def test_the_default_study() -> None:
    config = default_study()
    assert (config.model, config.costs, config.budget_gflops) == ("umt-mini", "umt-b", 180)
    assert len(config.rungs) == 6
    assert config.rungs[0] < 102
    assert config.directory == Path("runs/demo-180gflops")


def test_budgets_that_are_measured() -> None:
    config = default_study(cost_model="umt-mini", budget="10ms..20ms", ladder=["50%", "15ms"])
    assert (config.unit, config.costs) == ("ms", "umt-mini")
    assert config.budget_at(25) == 20
    assert config.rungs_at(25) == pytest.approx((10, 11.25, 12.5, 15, 17.5, 20))
    with pytest.raises(ValueError, match="ladder: '15ms'; an amount below the 14 ms of the unreduced model"):
        config.rungs_at(14)
    assert default_study(cost_model="umt-mini", budget="2gib", ladder=[]).rungs_at(4096) == (2048,)


def test_what_asks_for_no_labels_belongs_to_every_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for objective in ("agreement", "fidelity"):
        assert default_study(objective=objective).measures == "retrieval"
        assert default_study(objective=objective, task="classification").measures == "classification"
        assert task_of(objective, "k400", "videomae-b") == "classification"
        assert task_of(objective, "msvd-qa", "umt-b") == "question-answering"
        assert task_of(objective, "k400-base-to-novel", "vifi-clip-b16") == "base-to-novel"
        assert task_of(objective, "demo", "videomae-b") == "classification"  # it has no text tower
    assert task_of("top5", "demo", "umt-mini") == "classification"


def test_constraints_and_parts() -> None:
    config = default_study(first_layers=6, multiple_of=8, parts=["12.5%", "50 %"])
    assert config.shape.binding == {"first_layers": 6, "multiple_of": 8}
    assert config.part_shares == (0.125, 0.5)
    assert default_study(parts="").part_shares == ()


def test_one_split_for_both_only_if_it_is_said() -> None:
    config = default_study(search_split="report", allow_same_split=True)
    assert config.splits == ("report", "report")


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "studies").glob("msvd/*.yaml")), ids=lambda path: path.stem)
def test_studies_of_benchmarks_parse_where_the_files_are(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("checkpoints/ret_msvd_b16_25m.pth", "checkpoints/vocab.txt", *(f"annotations/msvd_ret_{s}.json" for s in ("val", "test"))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("TLDR_SEARCH_DATA", str(tmp_path))
    assert load(StudyConfig, path).name == f"umt-b-msvd-{path.stem.replace('_', '-')}"
    assert path.read_text().startswith("# ")


def test_ladders() -> None:
    assert len(StudyConfig().rungs) == 6
    assert default_study(budget="182gflops").rungs == (100, 125, 150, 182, 215, 260)
    assert default_study(budget="50%", ladder=[]).rungs == pytest.approx((151.67,), abs=0.01)
    assert default_study(budget="120gflops..220gflops").rungs == (120, 125, 150, 180, 200, 220)
    assert default_study(budget="100gflops..180gflops").rungs == (100, 112.5, 125, 150, 165, 180)
    assert default_study(budget="100gflops..200gflops", ladder=[]).rungs == (100, 120, 140, 160, 180, 200)
    assert default_study(budget="90gflops..290gflops").rungs == (90, 100, 125, 150, 180, 215, 260, 290)
    assert default_study(budget="99gflops..179gflops", ladder=["100gflops", "180gflops"]).rungs == (99, 115, 131, 147, 163, 179)


def test_another_model_brings_no_budget_made_for_the_twin() -> None:
    config, plain = default_study(model="umt-mini"), StudyConfig()
    assert (config.costs, config.budget, config.ladder) == ("umt-mini", plain.budget, plain.ladder)
    assert len(default_study(cost_model="videomae-b").rungs) == 6
    assert default_study(cost_model="umt-b") == default_study()


def test_the_table_of_vocabularies_is_right() -> None:
    from tldr_search.backbones import architectures
    from tldr_search.backbones.text.tokenizers import tokenizer_of

    for name, row in architectures.ARCHITECTURES.items():
        with nullcontext() if name in architectures.VOCABULARIES else pytest.raises(ValueError, match=r"no vocabulary|no text tower"):
            tokenizer_of(row)


def test_random_weights_are_accepted_where_none_are_packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert EvaluateConfig(checkpoint="random").checkpoint == "random"
    monkeypatch.delitem(PACKAGED, "umt-mini")
    with pytest.raises(ValueError, match=r"umt-mini has no weights in the package; a file .* or random, would be accepted"):
        EvaluateConfig()
    assert EvaluateConfig(checkpoint="random").checkpoint == "random"


@pytest.mark.parametrize("source", ["weights.pth", "weights", "MCG-NJU/videomae-base"])
def test_weights_are_a_file_a_directory_or_a_hub_id(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pth").touch()
    (tmp_path / "weights").mkdir()
    assert EvaluateConfig(checkpoint=source).checkpoint == source


@pytest.mark.parametrize("source", ["nowhere", "runs/nowhere.pth", "/nowhere/weights", "a/b/c", "a/b.safetensors"])
def test_weights_that_are_nowhere(source: str) -> None:
    with pytest.raises(ValueError, match=rf"{source}' is no file or directory, here or in data/.*; .* a hub id \(owner/name\), or random"):
        EvaluateConfig(checkpoint=source)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("model: umt-mini", EvaluateConfig),
        ("trials: 3", StudyConfig),
        ("method: tome", EvaluateConfig),
        ("devices: 1\nprecision: bf16", EvaluateConfig),
    ],
)
def test_a_config_is_what_its_settings_belong_to(tmp_path: Path, text: str, kind: type) -> None:
    path = tmp_path / "what.yaml"
    path.write_text(text)
    assert type(load_any(path)) is kind


def test_every_field_is_explained() -> None:
    for kind in (StudyConfig, EvaluateConfig):
        texts = help_texts(kind)
        assert list(texts) == list(kind.__dataclass_fields__)
        assert all(texts.values())


def test_defaults_are_told() -> None:
    texts = default_texts(StudyConfig)
    assert texts["trials"] == "8"
    assert texts["probes"] == "on"
    assert texts["parts"] == "25%,50%"
    assert texts["budget"] == "60%; embedded study: 180gflops"
    assert texts["cost_model"] == "embedded study: umt-b"
    assert "frames" not in texts
    assert default_texts(EvaluateConfig)["batch_size"] == "16"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"trails": 5}, "unknown setting 'trails'; did you mean trials"),
        ({"trials": "5"}, "trials: '5' is str; a whole number would be accepted"),
        ({"trials": True}, "trials: True is bool"),
        ({"trials": 0}, "trials: 0; a whole number from 1"),
        ({"seed": -1}, "seed: -1"),
        ({"budget": 180}, "budget: 180 is int; text"),
        ({"budget": "180"}, "no unit"),
        (
            {"model": "umt-mini", "budget": "25ms", "ladder": "", "baselines": "rollout"},
            "25ms: rollout runs the model twice, not layer by layer",
        ),
        ({"budget": "25ms"}, "measured on umt-mini, which runs, but schedules are those of umt-b; --cost-model umt-mini, or .* would be"),
        ({"budget": "25s"}, "unknown unit 's'; did you mean 25gflops"),
        ({"budget": "20ms..180gflops"}, "ms and GFLOPs; both ends in one unit"),
        ({"ladder": ["20ms"]}, "ladder: '20ms' beside a budget of 180gflops; per cent, or gflops as there, would be accepted"),
        ({"model": "umt-mini", "budget": "25ms", "ladder": "180gflops"}, "beside a budget of 25ms; per cent, or ms as there"),
        ({"first_layers": 13}, "first_layers: 13; 1 to 12 would be accepted for umt-b"),
        ({"first_layers": 1, "budget": "60gflops"}, r"60.0 GFLOPs\) is out of reach with first_layers 1 \(vid-tldr on umt-b: least"),
        ({"multiple_of": 0}, "multiple_of: 0; a whole number from 1"),
        ({"sampler": "tep"}, "sampler: unknown 'tep'; did you mean tpe"),
        ({"parts": ["50%", "25%"]}, "parts: 50%, 25%; rising ones"),
        ({"parts": ["100%"]}, "parts: '100%'; per cent between 0% and 100%"),
        ({"alpha": 0.0}, "alpha: 0.0; a chance between 0 and 1"),
        ({"alpha": "0.05"}, "alpha: '0.05' is str; a number would be accepted"),
        ({"alpha": True}, "alpha: True is bool; a number"),
        ({"patience": -1}, "patience: -1"),
        ({"workers": 0}, "workers: 0; a whole number from 1"),
        ({"task": "classification"}, "objective: unknown 't2v_r1'; .*top1, top5, agreement, fidelity"),
        ({"task": "question-answering"}, "task: unknown 'question-answering'; .*accepted are retrieval, classification"),
        ({"model": "umt-mni"}, "model: unknown 'umt-mni'; did you mean umt-mini"),
        ({"cost_model": "umt-l"}, "cost_model: umt-l has 24 layers, umt-mini has 12; one of umt-mini, umt-b, .* would be accepted"),
        ({"cost_model": "swin-t"}, r"tokens leave swin-t only between stages \(after layers 2, 4, 10\), umt-mini in any layer; one of umt"),
        ({"benchmark": "dmeo"}, "did you mean demo"),
        ({"objective": "t2v_r2"}, "did you mean"),
        ({"methods": "tome,vidtldr"}, "methods: unknown method 'vidtldr'; did you mean vid-tldr"),
        ({"methods": []}, "methods: none"),
        ({"methods": ["none"]}, "always measured"),
        ({"methods": ["tome", "tome:metric=keys"]}, "tome is named twice"),
        ({"methods": [1]}, "methods: .* a list of texts"),
        ({"baseline_shape": "constnt"}, "did you mean constant"),
        ({"search_split": "report"}, "both 'report'"),
        ({"report_split": "reprot"}, "report_split: unknown 'reprot'; did you mean report"),
        ({"precision": "fp8"}, "did you mean"),
        ({"ladder": ["120%"]}, "ladder: budget '120%': .* at most 100%"),
        ({"ladder": ["310gflops"]}, "310gflops.*below the 303.3 GFLOPs of the unreduced model"),
        ({"ladder": ["100gflops..120gflops"]}, "a single amount"),
        ({"budget": "20gflops"}, r"vid-tldr on umt-b: least 36.4, unreduced 303.3; tome on umt-b: least 35.1, unreduced 303.3; sta on"),
        ({"budget": "100%"}, "out of reach"),
        ({"name": "a/b"}, "without slashes"),
        ({"model": "umt-l"}, "umt-l has no weights in the package; .* vocabulary: none in 'data/checkpoints'; vocab.txt of umt-l"),
        ({"model": "videomae-b"}, "model: videomae-b has no text tower"),
        ({"model": "umt-b", "objective": "top1"}, "model: umt-b has no classifier"),
        ({"budget": "90%..100gflops"}, "273 GFLOPs is above 100 GFLOPs; the lower end comes first"),
    ],
)
def test_mistakes_in_a_study(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        default_study(**values)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"schedule": "6,x"}, "entry 2"),
        ({"method": "tome", "schedule": "200"}, "0 to 144 would be accepted"),
        ({"task": "retreival"}, "did you mean retrieval"),
        ({"split": "test"}, "accepted are report, search"),
        ({"devices": 0}, "devices: 0"),
        ({"on_bad_video": "skip"}, "on_bad_video: unknown 'skip'; .*fail, exclude"),
        (
            {"model": "umt-b", "task": "classification"},
            "umt-b has no classifier; for .* on demo umt-mini, videomae-s, .* would",
        ),
        ({"benchmark": "k400"}, "umt-mini tells 8 classes apart, not 400; for classification on k400 videomae-s, "),
        ({"model": "videomae-b"}, "videomae-b has no text tower; for retrieval on demo umt-mini, umt-b, umt-l, clip-b16, .* would"),
        ({"benchmark": "ucf101-base-to-novel"}, "umt-mini does not know classes by their names; .* clip-b16, clip-l14, vifi-clip-b16"),
        ({"benchmark": "msvd-qa"}, "umt-mini answers no questions; for question-answering on msvd-qa umt-b, umt-l would"),
        ({"frames": 0}, "frames: 0; a whole number from 1"),
        ({"model": "videomae-b", "benchmark": "k400", "checkpoint": "random", "frames": 3}, "frames: videomae-b: frames=3 is no multiple"),
        ({"protocol": "videomae-dense"}, "protocol: videomae-dense cuts 15 views; for retrieval one of umt, .* would"),
        ({"cache": 1}, "cache: 1 is int; true or false would be accepted"),
        ({"devices": "2"}, "devices: '2' is str; a whole number"),
        ({"videos": "/dev/null/videos"}, "videos: '/dev/null/videos' is no directory"),
        ({"benchmark": "msvd", "split": "tset"}, "split: unknown 'tset'; did you mean test"),
        ({"task": "answering"}, "task: unknown 'answering'"),
    ],
)
def test_mistakes_in_an_evaluation(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_mapping(EvaluateConfig, values)


@pytest.mark.parametrize(
    ("kind", "values", "fields"),
    [
        (EvaluateConfig, {"method": "tom", "split": "xx", "task": "retreival", "checkpoint": "/nope.pth"}, "checkpoint task split method"),
        (EvaluateConfig, {"method": "tom", "schedule": "2000"}, "method"),  # what is possible depends on the method
        (EvaluateConfig, {"method": "tom", "schedule": "6,x"}, "method schedule"),
        (EvaluateConfig, {"devices": 0, "num_nodes": "1", "batch_size": -1, "precision": "fp8"}, "num_nodes precision batch_size devices"),
        (StudyConfig, {"model": "umt-mni", "cost_model": "umt-q", "budget": "10gflops"}, "model cost_model"),
        (StudyConfig, {"model": "umt-mni", "cost_model": "umt-b", "budget": "400gflops"}, "model budget"),
        (StudyConfig, {"model": "videomae-b", "cost_model": "swin-t", "seed": -1}, "cost_model seed model"),
        (StudyConfig, {"methods": 5, "baselines": "none", "budget": "6mn", "ladder": "9%,120%"}, "methods baselines budget ladder"),
        (StudyConfig, {"methods": "tom,rondom", "baselines": "random,random"}, "methods methods baselines"),
        (StudyConfig, {"model": "swin-t", "baselines": "tome", "checkpoint": "/nope"}, "checkpoint methods methods baselines model"),
        (
            StudyConfig,
            {"benchmark": "dmeo", "objective": "top9", "search_split": "x", "report_split": "x"},
            "benchmark objective report_split",
        ),
        (StudyConfig, {"ladder": "310gflops,99%..100%,40%", "cost_model": "umt-b", "trials": 0, "name": ""}, "name trials ladder ladder"),
    ],
)
def test_all_mistakes_are_told_and_none_that_follows_from_another(kind: type[Settings], values: dict[str, object], fields: str) -> None:
    with pytest.raises(ConfigError) as raised:
        from_mapping(kind, {**values, "colour": "red"})
    unknown, *lines = raised.value.mistakes.lines
    assert unknown.startswith("unknown setting 'colour'")
    assert len(lines) == len(fields.split()), lines
    assert raised.value.mistakes.fields == set(fields.split())
    assert str(raised.value) == "; ".join([unknown, *lines])


@pytest.mark.parametrize(("text", "said"), [("a: [", "no YAML"), ("[1]", "list at the top"), ("seed: x", "study.yaml: seed: 'x' is str")])
def test_mistakes_in_a_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        load(StudyConfig, path)


def test_a_missing_file() -> None:
    with pytest.raises(ValueError, match=r"nowhere\.yaml: No such file"):
        load(StudyConfig, "nowhere.yaml")
