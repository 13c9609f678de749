"""Makes the demo's clips: real H.264 files with a caption, an event and a motion class, a question and its answer.

    python -m tldr_search.demo.clips [DIRECTORY]

writes both splits, their annotations and the vocabulary. The files in the package are what this printed on one machine: encoders of
other versions may give other bytes, so they are kept, not made again.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tldr_search.demo.grammar import Scene, random_scene, vocabulary
from tldr_search.demo.render import render

SPLITS = {"search": 200, "report": 300}
"""Clips per split; no caption occurs twice, within a split or across."""
SEED = 20
FRAME_RATE = 12
BLINK = 2
"""Frames for which an actor blinks: half as long as in training, so that each of them matters."""
X264 = {"crf": "20", "preset": "medium", "threads": "1", "x264-params": "asm=0"}
"""With its hand-written assembly x264 gives other bytes from run to run."""


def encode(frames: NDArray[np.uint8]) -> bytes:
    """[T, H, W, 3] RGB -> an MP4 file with one H.264 stream."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options=X264)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def split_scenes() -> dict[str, list[Scene]]:
    """The scenes of every split, all captions different."""
    rng = np.random.default_rng(SEED)
    fresh = _distinct(rng)
    return {split: [next(fresh) for _ in range(count)] for split, count in SPLITS.items()}


def reserved_captions() -> frozenset[str]:
    """Captions of both splits: training never sees them."""
    return frozenset(scene.caption for scenes in split_scenes().values() for scene in scenes)


def write(directory: Path) -> None:
    """Writes `directory/<split>/NNN.mp4`, `directory/<split>.json` and `directory/vocabulary.txt`."""
    for number, (split, scenes) in enumerate(split_scenes().items()):
        (directory / split).mkdir(parents=True, exist_ok=True)
        rows = []
        for index, scene in enumerate(scenes):
            rng = np.random.default_rng((SEED, number, index))
            name = f"{split}/{index:03d}.mp4"
            (directory / name).write_bytes(encode(render(scene, rng, BLINK)))
            question, answer = scene.question(rng)
            classes = {"blink": scene.blink, "motion": scene.motion}
            rows.append({"video": name, "caption": scene.caption, **classes, "question": question, "answer": answer})
        (directory / f"{split}.json").write_text(json.dumps(rows, indent=1) + "\n")
    (directory / "vocabulary.txt").write_text("\n".join(vocabulary()) + "\n")


def _distinct(rng: np.random.Generator) -> Iterator[Scene]:
    seen: set[str] = set()
    while True:
        scene = random_scene(rng)
        if scene.caption not in seen:
            seen.add(scene.caption)
            yield scene


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "clips")
