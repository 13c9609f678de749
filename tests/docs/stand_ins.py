"""Small files in the place of the official ones, under the same names: weights of the right keys, a few clips, native annotations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch

from tldr_search.backbones.architecture import Architecture, TextArchitecture
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.checkpoints import load_backbone, load_retrieval
from tldr_search.data.benchmarks import demo

CLIPS = 12
"""Of each split."""
WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *"abcdefghijklmnopqrstuvwxyz",
    *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
)
TEXT = TextArchitecture(32, 4, 4, len(WORDS), 512, fusion_layers=2, decoder_layers=2)


def narrow() -> dict[str, Architecture]:
    """As many layers, frames and tokens as the real ones have, so that schedules are those of the papers; but few channels."""
    umt = architecture("umt-b", dim=16, heads=2, embed_dim=16, text=TEXT)
    return {"umt-b": umt, "videomae-b": architecture("videomae-b", dim=12, heads=2)}


def make_demo(folder: Path) -> Path:
    """The embedded clips, but fewer."""
    for split in ("search", "report"):
        rows = json.loads((demo.ROOT / f"{split}.json").read_text())[:CLIPS]
        (folder / split).mkdir(parents=True)
        for row in rows:
            shutil.copy(demo.ROOT / row["video"], folder / row["video"])
        (folder / f"{split}.json").write_text(json.dumps(rows))
    return folder


def make_data(root: Path) -> Path:
    """A data root; to be made while the architectures are `narrow`."""
    for folder in ("checkpoints", "annotations/k400", "videos/msrvtt", "videos/k400"):
        (root / folder).mkdir(parents=True)
    torch.save(load_retrieval("umt-b", "random").state_dict(), root / "checkpoints/ret_msrvtt_b16_25m.pth")
    shutil.copy(root / "checkpoints/ret_msrvtt_b16_25m.pth", root / "checkpoints/my_umt_b.pth")
    videomae = load_backbone("videomae-b", "random", num_classes=3).state_dict()
    own = {name.removeprefix("encoder."): value for name, value in videomae.items()}
    torch.save({"model": own}, root / "checkpoints/my_videomae_b.pth")
    (root / "checkpoints/vocab.txt").write_text("\n".join(WORDS) + "\n")
    for split, name in (("report", "test1k"), ("search", "train9k")):
        rows = json.loads((demo.ROOT / f"{split}.json").read_text())[:2]
        entries = [{"video": Path(row["video"]).name, "caption": row["caption"]} for row in rows]
        for row, entry in zip(rows, entries, strict=True):
            entry["video"] = f"{split}-{entry['video']}"
            shutil.copy(demo.ROOT / row["video"], root / "videos/msrvtt" / entry["video"])
        (root / f"annotations/msrvtt_ret_{name}.json").write_text(json.dumps(entries))
    for label, video in enumerate(sorted((root / "videos/msrvtt").glob("report-*"))):
        shutil.copy(video, root / "videos/k400" / f"{label}.mp4")
    (root / "annotations/my_classes.csv").write_text("0.mp4 0\n1.mp4 2\n")
    return root
