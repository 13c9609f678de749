"""Typed settings of the commands. Field docstrings are the text of `--help`; every mistake is a `ValueError` before any work."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from tldr_search.backbones.architectures import ARCHITECTURES, PACKAGED, RANDOM, VOCABULARIES, architecture
from tldr_search.cost import CostModel, parse_budget
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.names import near
from tldr_search.reducers import NONE, get_method
from tldr_search.schedule import parse_schedule

OBJECTIVES: dict[str, tuple[str, ...]] = {
    "retrieval": ("t2v_r1", "t2v_r5", "t2v_r10", "v2t_r1", "v2t_r5", "v2t_r10"),
    "classification": ("top1", "top5"),
}
"""Rates that can be searched for, by task."""
SHAPES = ("sta", "vid-tldr", "constant", "decreasing")
"""Known shapes of a schedule; published ones first."""
PRECISIONS = ("fp32", "bf16", "fp16")
SAME_RUNG = 0.03
"""Rungs this close (relative) to the budget asked for are that budget."""
RANGE_RUNGS = 6
"""Rungs, at least, of a budget that is a range."""


@dataclass(frozen=True)
class StudyConfig:
    """What to search, on what, under which budget."""

    name: str = "demo"
    """Name of the run."""
    model: str = "umt-mini"
    """Model that is evaluated."""
    cost_model: str | None = None
    """Model whose GFLOPs are counted, as deep as `model`; by default `model` itself."""
    checkpoint: str | None = None
    """File with the weights of `model`, or random; by default those in the package, where it has some."""
    benchmark: str = "demo"
    """Benchmark that is evaluated."""
    objective: str = "t2v_r1"
    """Rate that is maximised."""
    search_split: str = "search"
    """Split on which schedules are chosen."""
    report_split: str = "report"
    """Split on which the winners are measured again; the search never sees it."""
    methods: tuple[str, ...] = ("vid-tldr", "tome", "sta")
    """Methods whose schedules are searched."""
    baselines: tuple[str, ...] = ("random",)
    """Methods that are only measured, on the report split, not searched."""
    baseline_shape: str = "constant"
    """Known shape of the baselines' schedules: sta, vid-tldr, constant or decreasing."""
    budget: str = "60%"
    """GFLOPs per clip: 180gflops, 60% (of the unreduced model), or 120gflops..300gflops (its upper end, over at least 6 rungs)."""
    ladder: tuple[str, ...] = ("33%", "41%", "50%", "60%", "71%", "86%")
    """Lower and higher budgets that complete the front; one within 3 % of the budget is that budget."""
    trials: int = 8
    """Schedules per method at the budget."""
    rung_trials: int = 1
    """Schedules per method at every other rung of the ladder."""
    seed: int = 0
    """Seed of the search."""
    storage: str | None = None
    """URL of an Optuna database; by default a journal in the directory of the run."""
    out: str | None = None
    """Directory of the run; by default runs/NAME-BUDGET."""
    precision: str = "fp32"
    """fp32, bf16 or fp16."""
    batch_size: int = 50
    """Clips per batch."""

    def __post_init__(self) -> None:
        _check_types(self)
        _check_models(self)
        _check_benchmark(self.benchmark, self.objective, (self.search_split, self.report_split))
        _check_choice("precision", self.precision, PRECISIONS)
        for field in ("trials", "rung_trials", "batch_size"):
            _check_at_least(field, getattr(self, field), 1)
        _check_at_least("seed", self.seed, 0)
        if not self.name or "/" in self.name:
            raise ValueError(f"name: {self.name!r}; a name without slashes would be accepted")
        if self.search_split == self.report_split:
            raise ValueError(f"search_split and report_split are both {self.search_split!r}; two that share no clip would be accepted")
        if not self.methods:
            raise ValueError("methods: none; e.g. vid-tldr, tome, sta would be accepted")
        for field in ("methods", "baselines"):
            _check_methods(field, getattr(self, field))
        _check_choice("baseline_shape", self.baseline_shape, SHAPES)
        _check_task(self)
        _check_checkpoint(self)
        self.check_budget()

    @property
    def task(self) -> str:
        """The task that the objective belongs to."""
        return next(task for task, rates in OBJECTIVES.items() if self.objective in rates)

    @property
    def costs(self) -> str:
        """The model whose GFLOPs are counted."""
        return self.cost_model or self.model

    @property
    def directory(self) -> Path:
        """Where the run lives."""
        return Path(self.out) if self.out else Path("runs") / f"{self.name}-{self.budget.replace('%', 'pct')}"

    @property
    def budget_gflops(self) -> float:
        """The budget asked for; the upper end of a range."""
        return parse_budget(self.budget).gflops(self._base)[1]

    @property
    def rungs(self) -> tuple[float, ...]:
        """GFLOPs of the ladder, rising, the budget among them; `ValueError` for a rung that costs as much as the unreduced model.

        Of a range both ends are rungs, of the ladder what lies between; the widest gaps are divided until there are enough.
        """
        budget = parse_budget(self.budget)
        low, asked = budget.gflops(self._base)
        rungs = {low, asked}
        for rung in self.ladder:
            parsed = parse_budget(rung)
            gflops = parsed.high.gflops(self._base)
            if parsed.is_range or gflops >= self._base:
                raise ValueError(f"ladder: {rung!r}; a single amount below the {self._base:.1f} GFLOPs of {self.costs} would be accepted")
            apart = all(abs(gflops - end) > SAME_RUNG * end for end in (low, asked))
            if apart and (not budget.is_range or low < gflops < asked):
                rungs.add(gflops)
        return _filled(sorted(rungs), RANGE_RUNGS) if budget.is_range else tuple(sorted(rungs))

    @property
    def _base(self) -> float:
        return CostModel(architecture(self.costs)).base

    def check_budget(self) -> None:
        """`ValueError` with the least and the base GFLOPs of every method that cannot be brought to the budget."""
        asked, beyond = self.budget_gflops, []
        assert asked in self.rungs
        for name in self.methods:
            cost = CostModel(architecture(self.costs), name)
            if not cost.least <= asked < cost.base:
                beyond.append(f"{name} on {self.costs}: least {cost.least:.1f}, unreduced {cost.base:.1f}")
        if beyond:
            bounds = "; ".join(beyond)
            raise ValueError(f"budget {self.budget} ({asked:.1f} GFLOPs) is out of reach ({bounds}); choose one between, or other methods")


@dataclass(frozen=True)
class EvaluateConfig:
    """What to measure."""

    model: str = "umt-mini"
    """Model that is evaluated."""
    cost_model: str | None = None
    """Model in whose counts the schedule is given and whose GFLOPs are counted, as deep as `model`; by default `model` itself."""
    checkpoint: str | None = None
    """File with its weights, or random; by default those in the package, where it has some."""
    benchmark: str = "demo"
    """Benchmark that is evaluated."""
    split: str = "report"
    """Split that is evaluated."""
    task: str = "retrieval"
    """retrieval or classification."""
    method: str = "none"
    """How tokens are reduced."""
    schedule: str = ""
    """Tokens removed per layer (per group and stage for STA), e.g. 600,200,100; empty: none."""
    devices: int = 1
    """Devices on each node."""
    num_nodes: int = 1
    """Nodes."""
    precision: str = "fp32"
    """fp32, bf16 or fp16."""
    batch_size: int = 50
    """Clips per batch."""

    def __post_init__(self) -> None:
        _check_types(self)
        _check_models(self)
        _check_choice("task", self.task, OBJECTIVES)
        _check_benchmark(self.benchmark, OBJECTIVES[self.task][0], (self.split,))
        _check_choice("precision", self.precision, PRECISIONS)
        for field in ("devices", "num_nodes", "batch_size"):
            _check_at_least(field, getattr(self, field), 1)
        get_method(self.method).full(self.r, architecture(self.costs).geometry)
        _check_task(self)
        _check_checkpoint(self)

    @property
    def costs(self) -> str:
        """The model whose GFLOPs are counted."""
        return self.cost_model or self.model

    @property
    def objective(self) -> str:
        """The metric that is the score."""
        return OBJECTIVES[self.task][0]

    @property
    def r(self) -> tuple[int, ...]:
        """`schedule` as numbers."""
        return parse_schedule(self.schedule) if self.schedule else ()


Config = TypeVar("Config", StudyConfig, EvaluateConfig)


def load(kind: type[Config], path: str | Path, **overrides: object) -> Config:
    """The YAML file at `path`, some fields replaced; `ValueError` names the file and what is wrong in it."""
    content = _read(path)
    try:
        return from_mapping(kind, {**content, **overrides})
    except ValueError as error:
        raise ValueError(f"config {path}: {error}") from error


def _read(path: str | Path) -> Mapping[Any, object]:
    try:
        content = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise ValueError(f"config {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"config {path} is no YAML: {' '.join(str(error).split())}") from error
    if content is not None and not isinstance(content, Mapping):
        raise ValueError(f"config {path}: {type(content).__name__} at the top; names with values would be accepted")
    return content or {}


def from_mapping(kind: type[Config], values: Mapping[Any, object]) -> Config:
    """A config from plain values; comma-separated text is accepted for a list."""
    hints = get_type_hints(kind)
    for name in values:
        if name not in hints:
            raise ValueError(f"unknown setting {name!r}; {near(str(name), hints)}")
    return kind(**{name: _plain(value, hints[name]) for name, value in values.items()})  # type: ignore[arg-type]


def to_yaml(config: StudyConfig | EvaluateConfig) -> str:
    """What `load` reads back."""
    return yaml.safe_dump(to_mapping(config), sort_keys=False)


def to_mapping(config: StudyConfig | EvaluateConfig) -> dict[str, Any]:
    """Plain values, by field."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(config).items()}


def default_study(**overrides: object) -> StudyConfig:
    """The study in the package; for another model, or cost_model, without the twin, budget and ladder that belong to its own."""
    content = yaml.safe_load(files("tldr_search").joinpath("demo/study.yaml").read_text())
    if "model" in overrides or overrides.get("cost_model", content["cost_model"]) != content["cost_model"]:
        content = {name: value for name, value in content.items() if name not in ("cost_model", "budget", "ladder")}
    return from_mapping(StudyConfig, {**content, **overrides})


def default_evaluation(**overrides: object) -> EvaluateConfig:
    """Model and cost twin of the study in the package, unless another model is asked for."""
    twin = {} if "model" in overrides else {"cost_model": default_study().cost_model}
    return from_mapping(EvaluateConfig, {**twin, **overrides})


def load_any(path: str | Path) -> StudyConfig | EvaluateConfig:
    """The study or the evaluation in the YAML file at `path`: whichever knows more of its settings, a study where both know them all."""
    names = set(_read(path))
    study, evaluation = (len(names & set(get_type_hints(kind))) for kind in (StudyConfig, EvaluateConfig))
    return load(EvaluateConfig, path) if evaluation > study else load(StudyConfig, path)


def is_number(kind: type[StudyConfig] | type[EvaluateConfig], field: str) -> bool:
    """Whether a field is a whole number."""
    return get_type_hints(kind)[field] is int


def help_texts(kind: type[StudyConfig] | type[EvaluateConfig]) -> dict[str, str]:
    """Field -> the docstring under it."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    texts = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            texts[ast.unparse(field.target)] = str(text.value.value)
    return texts


def _plain(value: object, hint: Any) -> object:
    if get_origin(hint) is tuple:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return tuple(value) if isinstance(value, list) else value
    return value


def _check_types(config: StudyConfig | EvaluateConfig) -> None:
    for name, hint in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if not _is(value, hint):
            raise ValueError(f"{name}: {value!r} is {type(value).__name__}; {_words(hint)} would be accepted")


def _is(value: object, hint: Any) -> bool:
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(isinstance(part, str) for part in value)
    kinds = get_args(hint) or (hint,)
    return isinstance(value, kinds) and not isinstance(value, bool)


def _words(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return "a list of texts"
    return "a whole number" if hint is int else "text (in quotes, if it looks like a number)"


def _check_choice(field: str, value: str, known: Mapping[str, object] | tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{field}: unknown {value!r}; {near(value, known)}")


def _check_at_least(field: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{field}: {value}; a whole number from {least} would be accepted")


def _check_checkpoint(config: StudyConfig | EvaluateConfig) -> None:
    path = config.checkpoint
    if path is None and config.model not in PACKAGED:
        raise ValueError(f"checkpoint: none, and {config.model} has no weights in the package; a file, or {RANDOM}, would be accepted")
    if path not in (None, RANDOM) and not Path(path).is_file():
        raise ValueError(f"checkpoint: {path!r} is no file; a file with weights, or {RANDOM}, would be accepted")


def _check_task(config: StudyConfig | EvaluateConfig) -> None:
    """`ValueError` if the model cannot do the task on the benchmark."""
    classes = len(BENCHMARKS[config.benchmark].classes)
    lacks = {name: _lacks(name, config.task, classes) for name in ARCHITECTURES}
    if lacks[config.model]:
        accepted = ", ".join(name for name, why in lacks.items() if not why) or "no model"
        what = f"for {config.task} on {config.benchmark} {accepted} would be accepted"
        raise ValueError(f"model: {config.model} {lacks[config.model]}; {what}")


def _lacks(model: str, task: str, classes: int) -> str:
    """Why a model cannot do a task; empty if it can."""
    arch = architecture(model)
    if task == "retrieval":
        if arch.text is None:
            return "has no text tower"
        return "" if model in VOCABULARIES else "has no vocabulary in the package"
    if arch.num_classes == 0:
        return "has no classifier"
    return "" if arch.num_classes == classes else f"tells {arch.num_classes} classes apart, not {classes}"


def _filled(rungs: Sequence[float], least: int) -> tuple[float, ...]:
    """`rungs` and, between them, as many as `least` needs, each gap divided evenly, the widest first."""
    gaps = list(pairwise(rungs))
    parts = [1] * len(gaps)
    while gaps and sum(parts) + 1 < least:
        widest = max(range(len(gaps)), key=lambda i: (gaps[i][1] - gaps[i][0]) / parts[i])
        parts[widest] += 1
    inside = [low + (high - low) * k / n for (low, high), n in zip(gaps, parts, strict=True) for k in range(n)]
    return (*inside, rungs[-1])


def _check_models(config: StudyConfig | EvaluateConfig) -> None:
    _check_choice("model", config.model, ARCHITECTURES)
    _check_choice("cost_model", config.costs, ARCHITECTURES)
    evaluated, counted = architecture(config.model), architecture(config.costs)
    if not evaluated.geometry.alike(counted.geometry):
        deep = [name for name, row in ARCHITECTURES.items() if row.geometry.alike(evaluated.geometry)]
        layers = f"{counted.name} has {counted.geometry.depth} layers, {evaluated.name} has {evaluated.geometry.depth}"
        raise ValueError(f"cost_model: {layers}, or tokens leave elsewhere; one of {', '.join(deep)} would be accepted")


def _check_benchmark(name: str, objective: str, splits: tuple[str, ...]) -> None:
    _check_choice("benchmark", name, BENCHMARKS)
    benchmark = BENCHMARKS[name]
    _check_choice("objective", objective, tuple(rate for task in benchmark.tasks for rate in OBJECTIVES.get(task, ())))
    for split in splits:
        _check_choice("split", split, benchmark.splits)


def _check_methods(field: str, names: tuple[str, ...]) -> None:
    for name in names:
        if get_method(name) == NONE:
            raise ValueError(f"{field}: none removes nothing; the unreduced model is always measured")
    specs = [get_method(name).spec for name in names]
    for spec in specs:
        if specs.count(spec) > 1:
            raise ValueError(f"{field}: {spec} is named twice")
