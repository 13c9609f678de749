"""What is told of clips is what the model answers for them; which clips those are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tldr_search.backbones.checkpoints import load_backbone
from tldr_search.config import VisualizeConfig, default_evaluation, to_visualize
from tldr_search.data.benchmarks.demo import ROOT as DEMO
from tldr_search.data.benchmarks.split import AnsweringSplit, ClassificationSplit, Question, RetrievalSplit, Video
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.insight.clips import Clip, Found, captions, first_clips, middle_view
from tldr_search.insight.removal import Chosen, removal
from tldr_search.tasks.task import normalise

SCHEDULES = (
    Chosen("vid-tldr", (160, 80), (20, 10), 100.0),
    Chosen("tome", (400,), (50,), 90.0),
    Chosen("sta", (20, 0, 0), (4, 0, 0), 80.0),
)


def noise(clips: int, frames: int, size: int) -> Found:
    random = np.random.default_rng(0)
    return Found(
        tuple(Clip(f"{i}.mp4", "noise", random.integers(0, 256, (frames, size, size, 3), dtype=np.uint8)) for i in range(clips)), {}
    )


def test_rows_and_sizes_are_those_of_the_output() -> None:
    config, model, found = to_visualize(), load_backbone("umt-mini"), noise(2, 8, 96)
    seen = removal(config, model, found, 3, SCHEDULES)
    assert (seen.model, seen.cost_model, seen.grid, seen.unit, seen.asked) == ("umt-mini", "umt-b", (8, 6, 6), "patch", 3)
    video = normalise(torch.from_numpy(np.stack([clip.frames for clip in found.clips])), PROTOCOLS["umt"])
    for chosen, reduction in zip(SCHEDULES, seen.reductions, strict=True):
        with torch.inference_mode():
            output = model(video, method=chosen.method, schedule=chosen.evaluated)
        np.testing.assert_array_equal(reduction.rows, output.source.numpy())
        np.testing.assert_allclose(reduction.size, output.size.numpy(), rtol=1e-4)
        assert reduction[:4] == chosen
        assert reduction.tokens_left(1) == output.tokens.shape[1] < 288
    np.testing.assert_array_equal(seen.frames[1], found.clips[1].frames)


def test_of_a_tubelet_the_first_frame_is_kept() -> None:
    model = load_backbone("videomae-s", "random", dim=16, depth=2, heads=2, frames=4, image_size=32, num_classes=3)
    config = VisualizeConfig(model="videomae-s", checkpoint="random", video=(str(DEMO / "report" / "000.mp4"),))
    found = noise(1, 4, 32)
    seen = removal(config, model, found, 1, [Chosen("vid-tldr", (1,), (1,), 1.0)])
    assert seen.grid == (2, 2, 2)
    assert seen.tubelet == 2
    np.testing.assert_array_equal(seen.frames[0], found.clips[0].frames[[0, 2]])


def test_of_a_swin_cells_leave() -> None:
    model = load_backbone("swin-t", "random", dim=12, frames=8, image_size=64, num_classes=3)
    config = VisualizeConfig(model="swin-t", checkpoint="random", video=(str(DEMO / "report" / "000.mp4"),), methods=("sta",))
    seen = removal(config, model, noise(2, 8, 64), 2, [Chosen("sta", (1, 0, 0), (1, 0, 0), 1.0), Chosen("attentiveness", (5,), (5,), 1.0)])
    assert (seen.grid, seen.unit, seen.tubelet, seen.layers) == ((4, 2, 2), "cell", 2, (2, 4, 10))
    assert [(r.rows < 0).sum(axis=1).tolist() for r in seen.reductions] == [[4, 4], [5, 5]]
    assert set(seen.maps) == {"saliency", "attentiveness"}


def test_without_a_clip_there_is_nothing_to_show() -> None:
    with pytest.raises(ValueError, match=r"no clip can be shown \(a\.mp4: is empty\)"):
        removal(to_visualize(), load_backbone("umt-mini"), Found((), {"a.mp4": "is empty"}), 3, SCHEDULES)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_middle_view_is_the_middle_crop_of_the_middle_clip(protocol: str) -> None:
    row = PROTOCOLS[protocol]
    clip, crop = divmod(middle_view(row), row.num_crops)
    assert (clip, crop) == (row.num_clips // 2, {1: 0, 3: 1}[row.num_crops])


def test_the_first_readable_clips_of_a_split(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    paths = {"missing": tmp_path / "no.mp4", "a": DEMO / "report" / "000.mp4", "empty": tmp_path / "empty.mp4"}
    paths |= {"b": DEMO / "report" / "001.mp4", "c": DEMO / "report" / "002.mp4"}
    videos = tuple(Video(name, path) for name, path in paths.items())
    split = RetrievalSplit(videos, (), tuple(f"text of {name}" for name in paths), tuple((i,) for i in range(5)))
    found = first_clips(default_evaluation(decoders=1), split, 2)
    assert [(clip.name, clip.caption) for clip in found.clips] == [("a", "text of a"), ("b", "text of b")]
    assert found.excluded == {"missing": "no such file", "empty": "is empty"}
    assert found.clips[0].frames.shape == (8, 96, 96, 3)
    fewer = first_clips(default_evaluation(decoders=1), split, 9)
    assert [clip.name for clip in fewer.clips] == ["a", "b", "c"]


def test_what_annotations_say() -> None:
    videos = tuple(Video(name, Path(name)) for name in "abc")
    several = RetrievalSplit(videos, (), ("second", "first", "again"), ((1,), (0, 2), (0,)))
    assert captions(several) == ["first", "second", "first"]
    questions = (Question("1", 2, "what?", "this"), Question("2", 2, "who?", "that"))
    assert captions(AnsweringSplit(videos, (), questions, ("this", "that"))) == ["", "", "what?"]
    assert captions(ClassificationSplit(videos, (), (1, 0, 1), ("x", "y"))) == ["y", "x", "y"]
    assert captions(ClassificationSplit(videos, (), (1, 0, 1), ())) == ["class 1", "class 0", "class 1"]
