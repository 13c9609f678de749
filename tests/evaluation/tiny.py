"""A small UMT under the name umt-b, and accidents on request. `started` makes a script of it.

FAIL_RANK: the rank whose second forward pass fails. KILL_AFTER: forward passes after which the process dies at once. COUNT: file to
which every forward pass adds a line.
"""

from __future__ import annotations

import os
from pathlib import Path

from torch import Tensor

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.architectures import ARCHITECTURES, architecture
from tldr_search.backbones.prefixes import PrefixesOfClips
from tldr_search.tasks.task import Task

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]


def shrink() -> None:
    """Every part of the real one is there."""
    text = TextArchitecture(32, 4, 4, len(WORDS), 16, fusion_layers=2, decoder_layers=2)
    ARCHITECTURES["umt-b"] = architecture("umt-b", dim=32, depth=3, heads=4, frames=2, image_size=96, embed_dim=16, text=text)


def prepare_accidents() -> None:
    """What the environment asks for."""
    forward, passes = Task._forward, 0

    def forward_or_not(task: Task, views: Tensor, prefixes: PrefixesOfClips | None) -> dict[str, Tensor]:
        nonlocal passes
        passes += 1
        if os.environ.get("FAIL_RANK") == str(task.global_rank) and passes == 2:
            raise RuntimeError("an accident")
        if "KILL_AFTER" in os.environ and passes > int(os.environ["KILL_AFTER"]):
            os._exit(9)
        if "COUNT" in os.environ:
            with Path(os.environ["COUNT"]).open("a") as file:
                file.write(f"{len(views)}\n")
        return forward(task, views, prefixes)

    Task._forward = forward_or_not
