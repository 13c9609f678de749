"""The result card of an evaluation: one JSON that says what was measured, on what, with what, and a columnar file with every sample."""

from __future__ import annotations

import io
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import tldr_search
from tldr_search import identity
from tldr_search.config import EvaluateConfig
from tldr_search.config.able import BASE_TO_NOVEL, CLASSIFICATION, PROMPTED, RETRIEVAL
from tldr_search.cost.model import CostModel
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.data.benchmarks.split import Split
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.files import write_all
from tldr_search.made_with import changes

if TYPE_CHECKING:
    from tldr_search.evaluate import Measurement, World

CARD, OUTCOMES = "card.json", "outcomes.npz"
PACKAGES = ("torch", "lightning", "torchmetrics", "decord", "numpy", "opencv-python-headless")


def check_place(directory: Path, made_with: Mapping[str, object]) -> None:
    """`ValueError` if the directory has the card of an evaluation that was made otherwise; it says what differs."""
    path = directory / CARD
    if not path.is_file():
        return
    try:
        differ = changes(json.loads(path.read_text())["made_with"], made_with)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"out: {path} is no result card of ours; another directory would be accepted") from None
    if differ:
        raise ValueError(f"out: {directory} has the result of another evaluation ({differ}); another directory would be accepted")


def make(
    config: EvaluateConfig, split: Split, found: Measurement, cost: CostModel, evaluated: tuple[int, ...], world: World, command: str
) -> dict[str, Any]:
    """The card, as plain values."""
    outcome = found.outcome
    estimates = {name: outcome.estimate(name) for name in outcome.metrics if name in outcome.rates or name in outcome.means}
    score = estimates[config.objective]
    return {
        "model": config.model,
        "cost_model": config.costs,
        "benchmark": config.benchmark,
        "split": config.measured_split,
        "task": config.measures,
        "method": cost.method.spec,
        "schedule": list(cost.method.full(config.r, cost.geometry)),
        "evaluated": list(evaluated),
        "gflops": cost(config.r).gflops,
        "base_gflops": cost.base,
        "metrics": dict(outcome.metrics),
        "intervals": {name: {"stderr": e.stderr, "ci95": [e.low, e.high]} for name, e in estimates.items()},
        "objective": config.objective,
        "score": score.value,
        "stderr": score.stderr,
        "ci95": [score.low, score.high],
        "num_samples": outcome.num_samples(config.objective),
        "num_videos": found.num_videos,
        "excluded": [{"video": name, "reason": reason} for name, reason in found.excluded.items()],
        "dataset": _dataset(config, split, found),
        "seconds": found.seconds,
        "clips_per_second": found.num_views / found.seconds if found.num_views else None,
        "devices": world.devices,
        "num_nodes": world.num_nodes,
        "precision": config.precision,
        "batch_size": config.batch_size,
        "sha256": _digests(config, split),
        "versions": {"tldr_search": tldr_search.__version__, "python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
        "command": command,
    }


def write(card: dict[str, Any], found: Measurement, directory: Path) -> tuple[Path, Path]:
    """Each file whole or not at all; the card comes last."""
    outcomes = io.BytesIO()
    np.savez_compressed(outcomes, allow_pickle=False, **found.outcome.columns)
    write_all({directory / OUTCOMES: outcomes.getvalue(), directory / CARD: json.dumps(card, indent=1) + "\n"})
    return directory / CARD, directory / OUTCOMES


def _dataset(config: EvaluateConfig, split: Split, found: Measurement) -> dict[str, Any]:
    row, protocol = BENCHMARKS[config.benchmark], PROTOCOLS[config.cut.protocol]
    counts = {f"num_{name}": len(thing) for name, thing in split.content.items() if isinstance(thing, tuple) and name != "videos_of_text"}
    return {
        "name": row.title,
        "split": config.measured_split,
        **counts,
        "protocol": {"name": protocol.name, "title": protocol.title, "source": protocol.source},
        "num_clips": protocol.num_clips,
        "num_crops": protocol.num_crops,
        "frames": config.cut.frames,
        "image_size": config.cut.image_size,
        "trim_seconds": config.cut.trim_seconds,
        **({"max_text_length": config.text_length} if config.measures == RETRIEVAL else {}),
        **({"k_test": config.k_test} if found.outcome.reranked else {}),
        **({"prompt": config.prompt} if config.evaluated.family in PROMPTED and config.measures in (CLASSIFICATION, BASE_TO_NOVEL) else {}),
    }


def _digests(config: EvaluateConfig, split: Split) -> dict[str, Any]:
    found: dict[str, Any] = {"checkpoint": identity.weights(config.model, config.weights)}
    if config.base_weights:
        found["base"] = identity.weights(config.model, config.base_weights)
    if words := identity.vocabulary(config):
        found["vocabulary"] = words
    return {**found, "annotations": {path.name: identity.digest(path) for path in split.sources}}
