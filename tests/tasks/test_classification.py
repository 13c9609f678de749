"""Probabilities averaged over views, against loops over single views."""

import numpy as np
import pytest
import torch

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.families import video_side
from tldr_search.backbones.output import Output
from tldr_search.data.benchmarks.split import ClassificationSplit
from tldr_search.tasks.classification import ClassificationTask
from tldr_search.tasks.prompts import Prompts
from tldr_search.tasks.task import normalise

NAMES = tuple("abcdefg")
LABELS = (3, 0, 6, 6, 2, 1, 3, 5)


def expected(probabilities, k):
    right = [label in np.argsort(-row)[:k] for row, label in zip(probabilities, LABELS, strict=True)]
    return 100 * np.mean(right)


def softmax(logits):
    powers = np.exp(logits.double().numpy())
    return powers / powers.sum()


@pytest.mark.parametrize("protocol,views", [("umt", 1), ("swin-ssv2", 3)])
def test_views_are_averaged_after_the_softmax(protocol, views, run, scrambled, umt, settings, clips, videos):
    arch = umt.override(num_classes=7)
    model, pixels = scrambled(video_side, arch), clips(8, arch, views)
    task = ClassificationTask(model, ClassificationSplit(videos(8), (), LABELS, NAMES), settings(protocol), None)
    outcome = run(task, pixels)
    with torch.inference_mode():
        logits = [[model(normalise(view[None], task.settings.protocol)).logits[0] for view in video] for video in pixels]
    probabilities = [np.mean([softmax(view) for view in video], axis=0) for video in logits]
    assert outcome.metrics == pytest.approx({"top1": expected(probabilities, 1), "top5": expected(probabilities, 5)})
    assert outcome.columns["predicted"].tolist() == np.argmax(probabilities, axis=1).tolist()
    for k in (1, 5):
        assert 100 * np.mean(outcome.columns["rank"] <= k) == pytest.approx(outcome.metrics[f"top{k}"])
        assert outcome.rates[f"top{k}"].hits.tolist() == (outcome.columns["rank"] <= k).tolist()


class OneSureView(torch.nn.Module):
    """One view is sure of class 0, two lean to class 1: the mean logit is for 0, the mean probability for 1."""

    arch = architecture("videomae-b", num_classes=2)

    def forward(self, video, method, schedule, prefixes):
        nothing = torch.empty(3, 0)
        return Output(nothing, nothing, nothing, torch.tensor([[9.0, 0], [0, 2], [0, 2]]), nothing)


def test_views_count_by_their_probabilities_not_their_logits(run, umt, settings, clips, videos):
    task = ClassificationTask(OneSureView(), ClassificationSplit(videos(1), (), (1,), ("x", "y")), settings("swin-ssv2"), None)
    assert run(task, clips(1, umt, 3)).metrics["top1"] == 100


def test_fewer_than_five_classes(run, scrambled, umt, settings, clips, videos):
    arch = umt.override(num_classes=3)
    task = ClassificationTask(scrambled(video_side, arch), ClassificationSplit(videos(4), (), (0, 1, 2, 2), ()), settings(), None)
    assert run(task, clips(4, arch)).metrics["top5"] == 100


def test_prompts_stand_for_classes(run, scrambled, clip, bytes_tokenizer, settings, clips, videos):
    model, pixels = scrambled(CLIPRetrieval, clip), clips(8, clip)
    data = ClassificationSplit(videos(8), (), LABELS, NAMES)
    task = ClassificationTask(model, data, settings("vifi-clip", exclude=True), Prompts(bytes_tokenizer, "one {}."))
    outcome = run(task, pixels, bad=(2,))
    with torch.inference_mode():
        prompts = torch.cat([model.embed_text(bytes_tokenizer([f"one {name}."])) for name in NAMES])
        features = [model.embed_video(model(normalise(video, task.settings.protocol)).pooled) for video in pixels]
        predicted = [int((feature @ prompts.T).argmax()) for feature in features]
    assert outcome.columns["predicted"].tolist() == predicted[:2] + predicted[3:]
    assert outcome.columns["label"].tolist() == [3, 0, 6, 2, 1, 3, 5]
    assert outcome.rates["top1"].names == ("v0", "v1", "v3", "v4", "v5", "v6", "v7")
    assert outcome.rates["top1"].clusters.tolist() == [0, 1, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "width,classes,says",
    [
        (0, NAMES, r"umt-b has no classifier \(num_classes=0\)"),
        (8, NAMES, "umt-b tells 8 classes apart, the annotations 7"),
        (6, (), "umt-b tells 6 classes apart; label 6 is none of 0 to 5"),
    ],
)
def test_heads_that_do_not_fit(width, classes, says, scrambled, umt, settings, videos):
    model = scrambled(video_side, umt.override(num_classes=width))
    with pytest.raises(ValueError, match=says):
        ClassificationTask(model, ClassificationSplit(videos(8), (), LABELS, classes), settings(), None)


def test_prompts_need_names(scrambled, clip, bytes_tokenizer, settings, videos):
    with pytest.raises(ValueError, match="the classes have no names"):
        ClassificationTask(
            scrambled(CLIPRetrieval, clip), ClassificationSplit(videos(8), (), LABELS, ()), settings("clip"), Prompts(bytes_tokenizer)
        )
