"""The tables behind `list`: what there is, as plain data."""

from __future__ import annotations

from typing import Any

from tldr_search.backbones.architectures import ARCHITECTURES, architecture
from tldr_search.cost import CostModel
from tldr_search.names import near
from tldr_search.reducers import METHODS, Method

Row = dict[str, Any]
_FIRST = ", once the whole unreduced model has run"


def list_models() -> list[Row]:
    """Every architecture with what a clip costs unreduced."""
    return [
        {
            "model": arch.name,
            "family": arch.family,
            "dim": arch.dim,
            "depth": arch.geometry.depth,
            "frames": arch.frames,
            "image_size": arch.image_size,
            "patches": arch.num_patches,
            "gflops": CostModel(arch).base,
        }
        for arch in ARCHITECTURES.values()
    ]


def list_methods() -> list[Row]:
    """Every method with its options, where it is ours, and where it does not run."""
    return [
        {
            "method": m.name,
            "removes": "merges" if m.merges else "prunes",
            "acts": "after the MLP of three blocks" if m.after_mlp else f"after the attention of any layer{_FIRST * m.observes}",
            "what": m.title,
            "source": m.source,
            "ours": m.ours,
            "refused": _refusals(m),
            "options": {o.name: {"default": o.default, "choices": list(o.choices), "meaning": o.meaning} for o in m.options},
        }
        for m in METHODS.values()
    ]


def _refusals(method: Method) -> dict[str, str]:
    """Family -> why the method does not run on its models."""
    reasons = {}
    for arch in ARCHITECTURES.values():
        try:
            method.acting_layers(arch.geometry)
        except ValueError as error:
            reasons[arch.family] = str(error)
    return reasons


def list_benchmarks() -> list[Row]:
    """Every benchmark with its splits and where their files are looked for."""
    from tldr_search.config import paths
    from tldr_search.data.benchmarks import BENCHMARKS

    return [
        {
            "benchmark": b.name,
            "tasks": list(b.tasks),
            "splits": list(b.splits),
            "annotations": f"{paths.ANNOTATIONS}/{b.splits[b.default_split]}" if b.videos else "in the package",
            "videos": f"{paths.VIDEOS}/{b.videos}" if b.videos else "in the package",
            "what": b.title,
        }
        for b in BENCHMARKS.values()
    ]


def list_schedules() -> list[Row]:
    """Every published cost: the schedule behind it, what we count for it, and the accuracies printed beside it."""
    from tldr_search.published import PUBLISHED, RESULTS, leading

    return [
        {
            "name": p.name,
            "method": p.method,
            "model": p.model,
            "benchmark": p.benchmark,
            "variant": p.variant,
            "frames": p.frames,
            "overrides": dict(p.overrides),
            "schedule": list(p.schedule),
            "printed_gflops": p.gflops,
            "printed": p.printed,
            "counted_gflops": CostModel(architecture(p.model, **p.fields), p.method)(p.schedule).gflops if p.countable else None,
            "status": p.status,
            "leading": leading(p),
            "results": [{**r.metrics, "source": r.source, "note": r.note} for r in RESULTS if r.belongs_to(p)],
            "source": p.source,
            "note": p.note,
        }
        for p in PUBLISHED
    ]


def list_protocols() -> list[Row]:
    """How views are cut out of a video."""
    from tldr_search.data.protocols import PROTOCOLS

    return [
        {"protocol": p.name, "clips": p.num_clips, "crops": p.num_crops, "what": p.title, "source": p.source} for p in PROTOCOLS.values()
    ]


LISTS = {
    "models": list_models,
    "methods": list_methods,
    "benchmarks": list_benchmarks,
    "protocols": list_protocols,
    "schedules": list_schedules,
}


def list_(what: str) -> list[Row]:
    """The rows of one of the tables."""
    if what not in LISTS:
        raise ValueError(f"cannot list {what!r}; {near(what, LISTS)}")
    return LISTS[what]()
