"""The command line on small random models against the published protocols in plain loops, on frames as another library decodes them."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tldr_search.__main__ import main
from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.architectures import ARCHITECTURES, architecture
from tldr_search.backbones.checkpoints import load_backbone, load_retrieval
from tldr_search.backbones.text import TextBatch

S = 64
"""Height and width of what the models see."""
REDUCTION = ("vid-tldr", (6, 3))
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz")
SIZES = ((99, 136), (150, 97), (112, 112), (97, 200), (130, 110), (101, 139))
"""Height and width of videos; long sides that come out otherwise when they are rounded than when they are cut off."""
LENGTHS = (70, 35, 90, 16, 53, 9)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six videos without loss, of fields of colours that change; two frames a second, so that two of them are longer than 30 seconds."""
    root = tmp_path_factory.mktemp("root")
    for folder in ("annotations/ucf101", "annotations/ssv2", "annotations/hmdb51-base-to-novel", "checkpoints", "videos"):
        (root / folder).mkdir(parents=True)
    random = np.random.default_rng(0)
    for i, ((height, width), length) in enumerate(zip(SIZES, LENGTHS, strict=True)):
        fields = random.integers(0, 256, (length, 6, 8, 3)) * (0.5 + random.random((1, 6, 8, 3)) / 2)
        frames = np.kron(fields.astype(np.uint8), np.ones((1, 25, 25, 1), np.uint8))[:, :height, :width]
        with av.open(str(root / "videos" / f"{i}.mp4"), "w") as output:
            stream = output.add_stream("libx264rgb", rate=2, options={"qp": "0", "preset": "ultrafast"})
            stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
            for frame in frames:
                output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            output.mux(stream.encode())
    return root


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.no_grad():
        yield
    torch.set_num_threads(threads)


def evaluate(root: Path, model: str, benchmark: str, *more: str) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """-> metrics and columns."""
    what = ["--model", model, "--checkpoint", "random", "--benchmark", benchmark, "--batch-size", "4", "--decoders", "1", *more]
    where = ["--data", str(root), "--videos", str(root / "videos"), "--out", str(root / benchmark)]
    schedule = ["--method", REDUCTION[0], "--schedule", ",".join(map(str, REDUCTION[1]))]
    assert main(["evaluate", *what, *where, *schedule]) == 0
    with np.load(root / benchmark / "outcomes.npz") as columns:
        return json.loads((root / benchmark / "card.json").read_text())["metrics"], dict(columns)


def decoded(root: Path, video: int) -> list[np.ndarray]:
    with av.open(str(root / "videos" / f"{video}.mp4")) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def coloured(frames: list[np.ndarray]) -> torch.Tensor:
    """T of [S, S, 3] -> [1, 3, T, S, S]"""
    pixels = (torch.from_numpy(np.stack(frames)) - torch.tensor([123.675, 116.28, 103.53])) / torch.tensor([58.395, 57.12, 57.375])
    return pixels.permute(3, 0, 1, 2)[None]


def rank(scores: dict[int, float], right: int) -> int:
    """From 1."""
    return 1 + sum(score > scores[right] for score in scores.values())


def umt_clip(root: Path, video: int, count: int = 4) -> torch.Tensor:
    frames = decoded(root, video)
    length = min(len(frames), 60)  # 30 seconds at 2 frames a second
    edges = [int(edge) for edge in np.linspace(0, length, count + 1)]
    chosen = np.stack([frames[(low + high - 1) // 2] for low, high in pairwise(edges)])
    resized = F.interpolate(torch.from_numpy(chosen).permute(0, 3, 1, 2).float(), (S, S), mode="bicubic", align_corners=False)
    return coloured([frame.permute(1, 2, 0).numpy() for frame in resized.clamp(0, 255).round()])


def test_umt_retrieves_and_ranks_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TextArchitecture(32, 4, 4, len(WORDS), 80, fusion_layers=2, decoder_layers=2)
    small = {"dim": 32, "depth": 3, "heads": 4, "frames": 4, "image_size": S, "embed_dim": 16, "text": text}
    monkeypatch.setitem(ARCHITECTURES, "umt-b", architecture("umt-b", **small))
    (root / "checkpoints" / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    random, k = np.random.default_rng(1), 3
    sentences = [["".join(random.choice([*"abcdefgh"], 5)) for _ in range(1 + 19 * (i % 2))] for i in range(6)]
    written = [[" ".join(sentence).capitalize() + "." for sentence in part] for part in sentences]
    entries = [{"video": f"{i}.mp4", "caption": captions} for i, captions in enumerate(written)]
    (root / "annotations" / "didemo_ret_test.json").write_text(json.dumps(entries))
    _, columns = evaluate(root, "umt-b", "didemo", "--k-test", str(k))

    model = load_retrieval("umt-b", "random")
    videos = [model(umt_clip(root, i), *REDUCTION) for i in range(6)]
    texts = []
    for part in sentences:
        ids = torch.tensor([[2, *(WORDS.index(letter) for sentence in part for letter in sentence)][:64]])
        texts.append((model.text_encoder(TextBatch(ids, torch.ones_like(ids, dtype=torch.bool))), torch.ones_like(ids, dtype=torch.bool)))
    of_videos = [F.normalize(model.vision_proj(video.pooled), dim=-1) for video in videos]
    of_texts = [F.normalize(model.text_proj(states[:, 0]), dim=-1) for states, _ in texts]
    alike = torch.stack([torch.stack([(video * text).sum() for text in of_texts]) for video in of_videos])

    def matched(video: int, text: int) -> float:
        memory = model.text_encoder.prepare(videos[video].tokens)
        return model.itm_head(model.text_encoder.fuse(*texts[text], memory)[:, 0])[0, 1].item()

    for i in range(6):
        by_text, by_video = dict(enumerate(alike[:, i].tolist())), dict(enumerate(alike[i].tolist()))
        assert columns["itc_t2v_rank"][i] == rank(by_text, i)
        assert columns["itc_v2t_rank"][i] == rank(by_video, i)
        again = {video: matched(video, i) for video in sorted(by_text, key=lambda v: -by_text[v])[:k]}
        assert (columns["t2v_rank"][i] == rank(again, i)) if i in again else (columns["t2v_rank"][i] > k)
        again = {text: matched(i, text) for text in sorted(by_video, key=lambda t: -by_video[t])[:k]}
        assert (columns["v2t_rank"][i] == rank(again, i)) if i in again else (columns["v2t_rank"][i] > k)


def dense(frames: list[np.ndarray]) -> list[list[np.ndarray]]:
    kept = frames[::4]
    while len(kept) < 16:
        kept.append(kept[-1])
    step = max((len(kept) - 16) / 4, 0)
    return [kept[int(clip * step) : int(clip * step) + 16] for clip in range(5)]


def interlaced(frames: list[np.ndarray]) -> list[list[np.ndarray]]:
    tick = len(frames) / 16
    indices = sorted([int(tick * x) for x in range(16)] + [int(tick / 2 + tick * x) for x in range(16)])
    return [[frames[i] for i in indices[clip::2]] for clip in range(2)]


def three_crops(clip: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Short side to S, the long one in proportion, cut off; start, middle and end of it."""
    height, width = clip[0].shape[:2]
    size = (S, int(S * height / width)) if width < height else (int(S * width / height), S)
    resized = [cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR) for frame in clip]
    starts = [int(s * (max(size) - S) / 2) for s in range(3)]
    return [[frame[a : a + S] if height >= width else frame[:, a : a + S] for frame in resized] for a in starts]


@pytest.mark.parametrize("benchmark,annotations,clips,classes", [
    ("ucf101", "ucf101/testlist01.txt", dense, 101), ("ssv2", "ssv2/something-something-v2-validation.json", interlaced, 174),
])  # fmt: skip
def test_videomae_looks_several_times(
    benchmark: str, annotations: str, clips: Any, classes: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ARCHITECTURES, "videomae-b", architecture("videomae-b", dim=32, depth=3, heads=4, image_size=S))
    labels = [3, 50, 99, 10, 7, 31]
    (root / "annotations" / annotations).write_text("".join(f"{i}.mp4 {label}\n" for i, label in enumerate(labels)))
    metrics, columns = evaluate(root, "videomae-b", benchmark)
    model = load_backbone("videomae-b", "random", num_classes=classes)
    ranks = []
    for i, label in enumerate(labels):
        views = [crop for clip in clips(decoded(root, i)) for crop in three_crops(clip)]
        mean = sum(model(coloured(view), *REDUCTION).logits[0].double().softmax(0) for view in views) / len(views)
        ranks.append(rank(dict(enumerate(mean.tolist())), label))
        assert columns["predicted"][i] == mean.argmax()
    assert columns["rank"].tolist() == ranks
    assert metrics == pytest.approx({f"top{k}": 100 * np.mean([rank <= k for rank in ranks]) for k in (1, 5)})


def middle(frames: list[np.ndarray]) -> list[np.ndarray]:
    """Of 32 equal segments; short side to S x 256 / 224, the long one in proportion, rounded; S x S in the middle."""
    count, side = len(frames), round(S * 256 / 224)
    cut = []
    for i in range(32):
        frame = frames[int(i * count / 32 + count / 64)]
        height, width = (int(edge * side / min(frame.shape[:2]) + 0.5) for edge in frame.shape[:2])
        top, left = (height - S) // 2, (width - S) // 2
        cut.append(cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)[top : top + S, left : left + S])
    return cut


def test_vifi_clip_tells_base_and_novel_classes_apart(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = ARCHITECTURES["vifi-clip-b16"]
    text = replace(published.text, dim=16, depth=2, heads=2, vocab_size=514)
    small = {"dim": 32, "depth": 3, "heads": 4, "image_size": S, "embed_dim": 16, "text": text}
    monkeypatch.setitem(ARCHITECTURES, "vifi-clip-b16", architecture("vifi-clip-b16", **small))
    (root / "checkpoints" / "bpe_simple_vocab_16e6.txt.gz").write_bytes(gzip.compress(b"#version\n"))  # bytes, no pairs of them
    folder = root / "annotations" / "hmdb51-base-to-novel"
    names = {"base": [f"Base{chr(65 + i)}" for i in range(26)], "novel": [f"Novel{chr(65 + i)}" for i in range(25)]}
    labels = {"base": [(0, 3), (1, 25), (4, 7)], "novel": [(2, 24), (3, 0), (5, 11)]}
    for kind in names:
        (folder / f"{kind}_labels.csv").write_text("id,name\n" + "".join(f"{i},{name}\n" for i, name in enumerate(names[kind])))
        (folder / f"{kind}_val.txt").write_text("".join(f"{video}.mp4 {label}\n" for video, label in labels[kind]))
    metrics, columns = evaluate(root, "vifi-clip-b16", "hmdb51-base-to-novel")

    model = load_retrieval("vifi-clip-b16", "random")
    ranks: dict[str, list[int]] = {}
    for kind in names:
        prompts = []
        for name in names[kind]:
            words = [*f"a photo of a {name}".lower().split(), "."]
            ids = [512, *(ord(letter) - 33 + 256 * (i == len(word) - 1) for word in words for i, letter in enumerate(word)), 513]
            prompts.append(F.normalize(model.text_encoder(TextBatch.of([ids], 0, 77)), dim=-1)[0])
        for video, label in labels[kind]:
            pooled = model(coloured(middle(decoded(root, video))), *REDUCTION).pooled
            logits = model.logit_scale.exp() * torch.stack(prompts) @ F.normalize(pooled, dim=-1)[0]
            ranks.setdefault(kind, []).append(rank(dict(enumerate(logits.tolist())), label))
    assert columns["rank"].tolist() == [*ranks["base"], *ranks["novel"]]
    base, novel = (100 * np.mean([rank <= 5 for rank in ranks[kind]]) for kind in names)
    assert (metrics["base_top5"], metrics["novel_top5"]) == (pytest.approx(base), pytest.approx(novel))
