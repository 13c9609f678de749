"""Per-layer token-reduction schedules for video transformers: apply, count, search. Importing it does not import torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tldr_search.backbones.checkpoints import load_answering, load_retrieval
    from tldr_search.backbones.text.tokenizers import load_tokenizer
    from tldr_search.reduced import Reduced, load_backbone
    from tldr_search.reducers import Method
    from tldr_search.winners import Scheduled

__version__ = "0.1.0"
__all__ = ["Reduced", "gflops", "load_answering", "load_backbone", "load_retrieval", "load_tokenizer"]

_LAZY = {
    **dict.fromkeys(("load_answering", "load_retrieval"), "tldr_search.backbones.checkpoints"),
    **dict.fromkeys(("Reduced", "load_backbone"), "tldr_search.reduced"),
    "load_tokenizer": "tldr_search.backbones.text.tokenizers",
}


def gflops(model: str, method: str | Method = "none", schedule: Scheduled = (), **overrides: object) -> float:
    """GFLOPs of one clip, as fvcore counts them (one multiply-add is 1), of the vision encoder of `model`.

    `schedule` may be the `best.yaml` of a study, too, of which `none` takes the best method. `overrides` are fields of `Architecture`.
    `ValueError` for an unknown name or an impossible schedule.
    """
    from tldr_search.backbones.architectures import architecture
    from tldr_search.backbones.chosen import settled
    from tldr_search.cost import CostModel

    arch = architecture(model, **overrides)
    chosen = settled(arch, method, schedule)
    return CostModel(arch, chosen.method)(chosen.schedule).gflops


def __getattr__(name: str) -> Any:
    """What needs torch is imported when it is first asked for (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
