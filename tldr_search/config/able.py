"""Which model can do which task."""

from __future__ import annotations

from tldr_search.backbones.architectures import PACKAGED, architecture

RETRIEVAL, CLASSIFICATION, ANSWERING, BASE_TO_NOVEL = "retrieval", "classification", "question-answering", "base-to-novel"
PROMPTED = ("clip", "vifi-clip")
"""Families that classify by what classes are called."""


def lacks(model: str, task: str, num_classes: int) -> str:
    """Why a model cannot do a task with so many classes (0: unknown); empty if it can."""
    arch = architecture(model)
    if task == RETRIEVAL:
        return "" if arch.text else "has no text tower"
    if task == ANSWERING:
        return "" if arch.text and arch.text.decoder_layers else "answers no questions"
    if arch.family in PROMPTED:
        return ""
    if task == BASE_TO_NOVEL:
        return "does not know classes by their names"
    if arch.num_classes == 0:
        return "has no classifier"
    packaged = model in PACKAGED and num_classes not in (0, arch.num_classes)
    return f"tells {arch.num_classes} classes apart, not {num_classes}" if packaged else ""
