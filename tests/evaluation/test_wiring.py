"""From a config to what is measured: every benchmark and family under its published protocol, in numbers as they were published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from tldr_search.assembly import load_model, make_task, read_split
from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.architectures import ARCHITECTURES, architecture
from tldr_search.config import EvaluateConfig

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS)
SSV2 = "ssv2/something-something-v2-validation.json"


class Wired(NamedTuple):
    """What a config must come to."""

    model: str
    benchmark: str
    annotations: str
    videos: str
    cut: tuple[str, int, int, float | None]
    """Protocol, frames, pixels, seconds."""
    classes: int = 0
    text_length: int | None = None


UMT = ("umt", 12, 224, None)
VIFI, CLIP = ("vifi-clip", 32, 224, None), ("clip", 32, 224, None)
DENSE, TSN = ("videomae-dense", 16, 224, None), ("videomae-tsn", 16, 224, None)
WIRED = (
    Wired("umt-b", "msrvtt", "msrvtt_ret_test1k.json", "msrvtt", UMT, text_length=32),
    Wired("umt-l", "msvd", "msvd_ret_test.json", "msvd", UMT, text_length=64),
    Wired("umt-b", "activitynet", "anet_ret_val.json", "activitynet", UMT, text_length=150),
    Wired("umt-b", "didemo", "didemo_ret_test.json", "didemo", ("umt", 12, 224, 30.0), text_length=64),
    Wired("umt-l", "lsmdc", "lsmdc_ret_test_1000.json", "lsmdc", UMT, text_length=96),
    Wired("umt-b", "ssv2-label", "ssv2_ret_label_val_small.json", "ssv2", UMT, text_length=25),
    Wired("umt-b", "ssv2-template", "ssv2_ret_template_val_small.json", "ssv2", UMT, text_length=25),
    Wired("umt-b", "msrvtt-qa", "msrvtt_qa_test.json", "msrvtt", UMT, text_length=25),
    Wired("umt-l", "msvd-qa", "msvd_qa_test.json", "msvd", UMT, text_length=25),
    Wired("clip-b16", "msrvtt", "msrvtt_ret_test1k.json", "msrvtt", CLIP, text_length=77),
    Wired("clip-b16", "ucf101", "ucf101/testlist01.txt", "ucf101", CLIP, 101, text_length=77),
    Wired("vifi-clip-b16", "hmdb51", "hmdb51", "hmdb51", VIFI, 51, text_length=77),
    Wired("vifi-clip-b16", "ucf101-base-to-novel", "ucf101-base-to-novel", "ucf101", VIFI, 101, text_length=77),
    Wired("vifi-clip-b16", "hmdb51-base-to-novel", "hmdb51-base-to-novel", "hmdb51", VIFI, 51, text_length=77),
    Wired("vifi-clip-b16", "ssv2-base-to-novel", "ssv2-base-to-novel", "ssv2", VIFI, 174, text_length=77),
    Wired("vifi-clip-b16", "k400-base-to-novel", "k400-base-to-novel", "k400", VIFI, 400, text_length=77),
    Wired("videomae-b", "k400", "k400/val.csv", "k400", DENSE, 400),
    Wired("videomae-b", "ucf101", "ucf101/testlist01.txt", "ucf101", DENSE, 101),
    Wired("videomae-s", "hmdb51", "hmdb51", "hmdb51", DENSE, 51),
    Wired("videomae-l", "ssv2", SSV2, "ssv2", TSN, 174),
    Wired("swin-t", "k400", "k400/val.csv", "k400", ("swin-k400", 32, 224, None), 400),
    Wired("swin-b-w16", "ssv2", SSV2, "ssv2", ("swin-ssv2", 32, 224, None), 174),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    (tmp_path / "checkpoints" / "bpe_simple_vocab_16e6.txt.gz").touch()
    return tmp_path


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """UMT-B, small, but for its frames and positions."""
    text = TextArchitecture(16, 2, 2, len(WORDS), 512, fusion_layers=1, decoder_layers=1)
    small = {"dim": 16, "depth": 2, "heads": 2, "image_size": 32, "embed_dim": 8, "text": text}
    monkeypatch.setitem(ARCHITECTURES, "umt-b", architecture("umt-b", **small))


def configured(root: Path, model: str, benchmark: str, annotations: str, content: object = "", **more: Any) -> EvaluateConfig:
    path = root / "annotations" / annotations
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return EvaluateConfig(model=model, checkpoint="random", benchmark=benchmark, data=str(root), **more)


@pytest.mark.parametrize("wired", WIRED, ids=lambda wired: f"{wired.model}-{wired.benchmark}")
def test_a_config_comes_to_the_published_protocol(wired: Wired, root: Path) -> None:
    config = configured(root, wired.model, wired.benchmark, wired.annotations)
    source = config.source(config.measured_split)
    assert config.cut == wired.cut
    assert (source.annotations, source.videos) == (root / "annotations" / wired.annotations, root / "videos" / wired.videos)
    assert source.num_classes == wired.classes
    if config.evaluated.num_classes:
        assert config.evaluated.num_classes == wired.classes
    assert config.text_length == wired.text_length
    assert (config.k_test, config.prompt) == (128, "a photo of a {}.")


@pytest.mark.parametrize("benchmark,annotations,length,paragraphs", [
    ("msrvtt", "msrvtt_ret_test1k.json", 32, False), ("msvd", "msvd_ret_test.json", 64, False),
    ("activitynet", "anet_ret_val.json", 150, True), ("didemo", "didemo_ret_test.json", 64, True),
    ("lsmdc", "lsmdc_ret_test_1000.json", 96, False), ("ssv2-label", "ssv2_ret_label_val_small.json", 25, False),
    ("ssv2-template", "ssv2_ret_template_val_small.json", 25, False),
])  # fmt: skip
def test_the_texts_that_arrive(benchmark: str, annotations: str, length: int, paragraphs: bool, root: Path, tiny: None) -> None:
    """Two captions, the second too long; and one of two videos."""
    entries = [{"video": "a.mp4", "caption": ["A-b, (C)!", "d " * 200]}, {"video": ["b.mp4", "c.mp4"], "caption": "x"}]
    config = configured(root, "umt-b", benchmark, annotations, entries)
    split, model = read_split(config, config.measured_split), load_model(config)
    arrived = set()

    def note(module: object, given: tuple[Any, ...], states: object) -> None:
        arrived.update(tuple(ids[mask].tolist()) for ids, mask in zip(*given[0], strict=True))

    model.text_encoder.register_forward_hook(note)
    task = make_task(config, split, model)
    with torch.no_grad():
        task.prepare()
    a, b, c, d, x = (WORDS.index(letter) for letter in "abcdx")
    first = (2, a, b, c)
    long = [(*first, *[d] * (length - 4))] if paragraphs else [first, (2, *[d] * (length - 1))]
    assert arrived == {*long, (2, x)}
    assert split.videos_of_text == (((0,), (1, 2)) if paragraphs else ((0,), (0,), (1, 2)))


@pytest.mark.parametrize("benchmark", ["msrvtt", "msvd"])
def test_the_questions_that_arrive(benchmark: str, root: Path) -> None:
    entry = {"question_id": 7, "video": "a.mp4", "question": "What is it?", "answer": "Dog"}
    (root / "annotations" / f"{benchmark}_qa_answer_list.json").write_text('["Dog", "cat"]')
    config = configured(root, "umt-b", f"{benchmark}-qa", f"{benchmark}_qa_test.json", [entry])
    split = read_split(config, config.measured_split)
    assert split.questions == (("7", 0, "What is it?", "Dog"),)
    assert split.answers == ("Dog", "cat")


@pytest.mark.parametrize("model,benchmark,annotations,tokens", [
    ("umt-b", "msrvtt", "msrvtt_ret_test1k.json", 4 * 4), ("umt-b", "msrvtt-qa", "msrvtt_qa_test.json", 4 * 4),
    ("videomae-s", "hmdb51", "hmdb51", 2 * 4), ("vifi-clip-b16", "hmdb51", "hmdb51", 4 * (4 + 1)), ("swin-t", "hmdb51", "hmdb51", 2 * 1),
])  # fmt: skip
def test_a_model_of_four_frames(
    model: str, benchmark: str, annotations: str, tokens: int, root: Path, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    small: dict[str, Any] = {"dim": 16, "heads": 2, "depth": 2}
    if model == "swin-t":
        small = {"dim": 8, "depths": (1, 1, 1, 1), "heads": (1, 1, 2, 2)}
    monkeypatch.setitem(ARCHITECTURES, model, architecture(model, **small, image_size=32))
    config = configured(root, model, benchmark, annotations, frames=4)
    built = load_model(config)
    with torch.no_grad():
        output = built(torch.zeros(1, 3, 4, 32, 32))
    assert (config.cut.frames, built.arch.frames) == (4, 4)
    assert output.tokens.shape[1] == tokens
    assert output.logits is None or output.logits.shape == (1, 51)
