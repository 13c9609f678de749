"""How methods, metrics and numbers are written for people. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tldr_search.cost import COUNTED, UNITS

METHODS = {
    "none": "unreduced model",
    "vid-tldr": "vid-TLDR",
    "tome": "ToMe",
    "sta": "STA",
    "attentiveness": "attentiveness",
    "saliency-pruning": "saliency pruning",
    "random": "random dropping",
}
METRICS = {
    "t2v_r1": "text-to-video R@1",
    "t2v_r5": "text-to-video R@5",
    "t2v_r10": "text-to-video R@10",
    "v2t_r1": "video-to-text R@1",
    "v2t_r5": "video-to-text R@5",
    "v2t_r10": "video-to-text R@10",
    "mean_r1": "mean R@1 of both directions",
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
    "base_top1": "top-1 accuracy on base classes",
    "novel_top1": "top-1 accuracy on novel classes",
    "base_top5": "top-5 accuracy on base classes",
    "novel_top5": "top-5 accuracy on novel classes",
    "hm": "harmonic mean of base and novel accuracy",
    "agreement": "agreement with the unreduced model",
    "fidelity": "fidelity to the unreduced model",
}
SHAPES = {"vid-tldr": "vid-TLDR’s shape", "constant": "constant r", "sta": "STA’s shape", "decreasing": "decreasing r"}
"""Known shapes by their origin, in the order of columns."""
SAME_SPLIT = "chosen and measured on the same clips: scores are too good"
ON_FRONT = "nothing measured scored higher at its cost or less, or as high for less (costs within 0.2 % are one)"
"""What it means, wherever a picture or a table says so; see `study.front`."""
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
WHOLE = 3
"""Schedules this short are written whole: STA's three stages, where one number alone would mean all three."""


def method_name(method: str) -> str:
    """The name that a paper would use, with what was chosen about it: `ToMe (metric=features)`; an unknown method keeps its own."""
    name, *chosen = method.split(":")
    return METHODS.get(name, name) + (f" ({', '.join(chosen)})" if chosen else "")


def metric_name(metric: str) -> str:
    """A metric in words, without its unit."""
    return METRICS.get(metric, metric)


def shapes_text(shapes: Sequence[str]) -> str:
    """Known shapes that are one schedule, by their origins: `constant r, also STA’s shape`; empty for none."""
    return ", also ".join(SHAPES.get(shape, shape) for shape in shapes)


def schedule_text(schedule: Sequence[int]) -> str:
    """As `--schedule` takes it, without the zeros at the end that a longer schedule may leave out."""
    numbers = list(schedule)
    while len(schedule) > WHOLE and len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return ",".join(map(str, numbers))


def amount_text(amount: float, unit: str) -> str:
    """With its unit: `180 GFLOPs`, `25.5 ms`."""
    return f"{gflops_text(amount)} {UNITS[unit]}"


def price_label(unit: str, cost_model: str) -> str:
    """What is counted or measured, for an axis."""
    labels = {"gflops": "GFLOPs per clip ({}, fvcore count)", "ms": "ms per clip ({}, measured)", "mib": "peak MiB ({}, measured)"}
    return labels[unit].format(cost_model)


def constraints_text(constraints: Mapping[str, object]) -> str:
    """What a schedule was held to: `tokens leave in the first 4 layers only, r never rises, r is a multiple of 8`; empty for nothing."""
    words = {
        "first_layers": f"tokens leave in the first {constraints.get('first_layers')} layers only",
        "non_increasing": "r never rises",
        "multiple_of": f"r is a multiple of {constraints.get('multiple_of')}",
    }
    return ", ".join(words.get(name, f"{name} {value}") for name, value in constraints.items())


def gflops_text(gflops: float) -> str:
    """One decimal, and none for a whole number: `180`, `303.3`."""
    return f"{round(gflops, 1):g}" if gflops >= 10 else f"{gflops:.3g}"


def cost_text(gflops: float) -> str:
    """For a column: `180.0`, `0.910`."""
    return f"{gflops:.1f}" if gflops >= 10 else f"{gflops:.3f}"


def signed(points: float) -> str:
    """Points with their sign, in ASCII: `-1.3`, `+0.3`, `0.0`."""
    rounded = round(points, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def signed_text(points: float) -> str:
    """`signed` with a true minus sign."""
    return signed(points).replace("-", MINUS)


def p_text(p: float | None) -> str:
    """A p-value: `0.042`, `<0.001`; `-` where there is none."""
    if p is None:
        return "-"
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def p_sentence(p: float) -> str:
    """For running text, kept on one line: `p = 0.042`, `p < 0.001`."""
    text = p_text(p)
    return f"p{NBSP}<{NBSP}{text[1:]}" if text.startswith("<") else f"p{NBSP}={NBSP}{text}"


def correction_text(number: int, what: str) -> str:
    """How p-values over so many comparisons were corrected, after a comma; nothing for one."""
    return f", Holm over {number} {what}" if number > 1 else ""


def interval_text(low: float, high: float) -> str:
    """`-4.0 to +1.3`, with true minus signs."""
    return f"{signed_text(low)} to {signed_text(high)}"


def duration_text(seconds: float) -> str:
    """`42 s`, `3 min 5 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def samples_text(num_samples: int, num_videos: int) -> str:
    """`300 videos`; with several samples of a video `300 samples on 75 videos`."""
    videos = f"{num_videos} video{'' if num_videos == 1 else 's'}"
    return videos if num_samples == num_videos else f"{num_samples} samples on {videos}"


def twin_text(model: str, cost_model: str, unit: str = COUNTED) -> str:
    """What was measured on which model, and whether its cost was counted or measured, too; a sentence without its full stop."""
    cost = "counted for" if unit == COUNTED else "measured on"
    if model != cost_model:
        return f"quality measured on {model}, cost {cost} {cost_model}"
    return f"quality and cost measured on {model}" if unit != COUNTED else f"quality measured on and cost counted for {model}"


def sentence(text: str) -> str:
    """With a capital letter and a full stop; capitals inside are left alone."""
    return f"{text[:1].upper()}{text[1:]}."
