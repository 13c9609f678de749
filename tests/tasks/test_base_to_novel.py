"""Base and novel classes, each told apart among their own."""

import numpy as np
import pytest
import torch

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.data.benchmarks.split import BaseToNovelSplit
from tldr_search.tasks.base_to_novel import BaseToNovelTask
from tldr_search.tasks.prompts import Prompts
from tldr_search.tasks.task import normalise

CLASSES = (*"abcdefg", *"hijklm")
NUM_BASE = 7
LABELS = (3, 0, 6, 12, 2, 7, 9, 5, 8, 8, 1, 4)


@pytest.fixture
def task(scrambled, clip, bytes_tokenizer, settings, videos):
    data = BaseToNovelSplit(videos(len(LABELS)), (), LABELS, CLASSES, NUM_BASE)
    return BaseToNovelTask(scrambled(CLIPRetrieval, clip), data, settings("vifi-clip", exclude=True), Prompts(bytes_tokenizer))


def reference(task, bytes_tokenizer, pixels, bad=()):
    """Rank of each video among its own list, by kind."""
    model, ranks = task.model, {"base": [], "novel": []}
    with torch.inference_mode():
        for v, video in enumerate(pixels):
            if v in bad:
                continue
            kind, own = ("base", range(NUM_BASE)) if LABELS[v] < NUM_BASE else ("novel", range(NUM_BASE, len(CLASSES)))
            feature = model.embed_video(model(normalise(video, task.settings.protocol)).pooled)
            scores = {c: (feature @ model.embed_text(bytes_tokenizer([f"a photo of a {CLASSES[c]}."])).T).item() for c in own}
            ranks[kind].append(sorted(own, key=lambda c: -scores[c]).index(LABELS[v]))
    return ranks


@pytest.mark.parametrize("bad", [(), (0, 5)])
def test_each_kind_among_its_own(bad, task, run, bytes_tokenizer, clip, clips):
    pixels = clips(len(LABELS), clip)
    outcome = run(task, pixels, bad=bad)
    ranks = reference(task, bytes_tokenizer, pixels, bad)
    expected = {f"{kind}_top{k}": 100 * np.mean([r < k for r in own]) for kind, own in ranks.items() for k in (1, 5)}
    base, novel = expected["base_top1"], expected["novel_top1"]
    assert outcome.metrics == pytest.approx(expected | {"hm": 2 * base * novel / (base + novel)})
    assert 0 < base < 100
    left = [v for v in range(len(LABELS)) if v not in bad]
    by_video = dict(zip(left, outcome.columns["rank"] - 1, strict=True))
    assert [by_video[v] for v in left if LABELS[v] < NUM_BASE] == ranks["base"]
    assert [by_video[v] for v in left if LABELS[v] >= NUM_BASE] == ranks["novel"]
    assert outcome.rates["novel_top1"].clusters.tolist() == [v for v in left if LABELS[v] >= NUM_BASE]
    kind = np.array(CLASSES)[outcome.columns["predicted"]] < "h"
    assert kind.tolist() == [LABELS[v] < NUM_BASE for v in left]
    assert outcome.estimate("hm").value == pytest.approx(outcome.metrics["hm"])


def test_a_kind_of_which_nothing_is_left(task, run, clip, clips):
    with pytest.raises(ValueError, match="no video of a novel class is left"):
        run(task, clips(len(LABELS), clip), bad=[v for v, label in enumerate(LABELS) if label >= NUM_BASE])
