"""What it costs that one layer alone loses tokens, as the probes found it."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.report import counted
from tldr_search.report.compare import interval
from tldr_search.report.rows import methods
from tldr_search.report.style import Style, searched_styles
from tldr_search.report.words import method_name
from tldr_search.study.result import Point, Result

FIDELITY = "fidelity: how near what the model says comes to what it says unreduced, 100 at most"
NEARLY = 0.95
"""Half of the tokens is this much of half of them: some methods count in groups."""


class Damage(NamedTuple):
    """What it costs in fidelity that tokens leave in one layer alone."""

    layer: int
    """From 1."""
    points: float
    """100 - fidelity."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    removed: int
    """Tokens that leave there, in the counts of the cost model."""


class Panel(NamedTuple):
    """One method."""

    method: str
    label: str
    style: Style
    damages: tuple[Damage, ...]
    """By layer."""


class Sensitivity(NamedTuple):
    """Small multiples, one per method."""

    title: str
    subtitle: str
    alt: str
    x_label: str
    y_label: str
    panels: tuple[Panel, ...]
    layers: int
    """Depth of the cost model."""


def sensitivity(result: Result) -> Sensitivity | None:
    """None if nothing was probed."""
    panels = tuple(_panel(result, method, style) for method, style in searched_styles(methods(result.winners)).items())
    panels = tuple(panel for panel in panels if panel.damages)
    if not panels:
        return None
    geometry = counted.cost_model(result, "none").geometry
    half = all(2 * d.removed >= NEARLY * geometry.num_tokens for panel in panels for d in panel.damages)
    loses = "half of its tokens" if half else "half of its tokens, or as many as can leave there"
    samples = sorted({p.num_samples for p in result.probes})
    counts = f"{samples[0]} samples" if len(samples) == 1 else f"{samples[0]} to {samples[-1]} samples"
    return Sensitivity(
        title="What it costs that one layer alone loses tokens",
        subtitle=f"{FIDELITY}; the layer loses {loses}; {counts} of the {result.search_split} split, 95 % intervals",
        alt=f"Points of fidelity lost when one layer alone loses {loses}. {'; '.join(map(_in_words, panels))}.",
        x_label=f"layer ({result.cost_model})",
        y_label="fidelity lost (points)",
        panels=panels,
        layers=geometry.depth,
    )


def _panel(result: Result, method: str, style: Style) -> Panel:
    damages = sorted(_damage(result, p) for p in result.probes if p.method == method)
    return Panel(method, method_name(method), style, tuple(damages))


def _damage(result: Result, probe: Point) -> Damage:
    """The layer is that of the only entry of the schedule that is not 0."""
    cost = counted.cost_model(result, probe.method)
    (slot,) = (i for i, r in enumerate(probe.schedule) if r)
    layer = cost.method.acting_layers(cost.geometry)[slot]
    low, high = interval(probe.sampled)
    return Damage(layer + 1, 100 - probe.score, 100 - high, 100 - low, cost.method.removed(probe.schedule, cost.geometry)[layer])


def _in_words(panel: Panel) -> str:
    most, least = max(panel.damages, key=lambda d: d.points), min(panel.damages, key=lambda d: d.points)
    return f"{panel.label}: most in layer {most.layer} ({most.points:.1f}), least in layer {least.layer} ({least.points:.1f})"
