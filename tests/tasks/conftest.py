"""Tiny models and splits, and a Trainer that runs a task over clips in memory."""

from dataclasses import replace
from pathlib import Path

import lightning
import pytest
import torch

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.text.wordpiece import WordPieceTokenizer
from tldr_search.data.benchmarks.split import Video
from tldr_search.data.module import ClipBatch, in_batches
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.tasks.store import Store
from tldr_search.tasks.task import Settings, finished_batches

VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnop")
TEXT = TextArchitecture(dim=16, depth=3, heads=2, vocab_size=len(VOCABULARY), max_positions=30, fusion_layers=2, decoder_layers=1)
UMT = architecture("umt-b", dim=12, depth=2, heads=2, frames=2, image_size=32, embed_dim=8, text=TEXT)
CLIP = architecture(
    "clip-b16", dim=12, depth=2, heads=2, frames=2, image_size=32, embed_dim=8, text=replace(TEXT, vocab_size=256, fusion_layers=0)
)
SIZE = 3
"""Videos of a batch."""


class Loader:
    def __init__(self, clips, bad, batches, finished):
        self.clips, self.bad, self.batches, self.finished = clips, bad, batches, finished

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for number, videos in enumerate(self.batches):
            if number in self.finished:
                yield ClipBatch(number, torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.uint8), finished=True)
                continue
            good = torch.tensor([v for v in videos if v not in self.bad], dtype=torch.int64)
            excluded = tuple((v, "no such file") for v in videos if v in self.bad)
            yield ClipBatch(number, good, self.clips[good], excluded, torch.ones_like(good))


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other make tiny models slow."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def run(tmp_path):
    """Runs a task over clips [N, V, T, H, W, 3], or those at some positions; `bad` ones cannot be read; what `directory` holds is not
    computed again.
    """
    trainer = lightning.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False
    )

    def run(task, clips, bad=(), directory: Path = tmp_path / "store", of=None):
        task.store, task.videos = Store(directory), range(len(clips)) if of is None else of
        batches = in_batches(task.videos, SIZE)
        trainer.test(task, Loader(clips, bad, batches, finished_batches(task.store, batches, [1] * len(clips))), verbose=False)
        return task.outcome

    return run


@pytest.fixture
def scrambled():
    """Random weights, all of which matter."""

    def build(cls, arch):
        torch.manual_seed(0)
        model = cls(arch).eval().requires_grad_(False)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        return model

    return build


@pytest.fixture
def umt():
    return UMT


@pytest.fixture
def words(tmp_path):
    """Makes a tokenizer of single letters, to which everything else is unknown."""
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(VOCABULARY) + "\n")
    return lambda most=None: WordPieceTokenizer(path, most)


@pytest.fixture
def clip():
    return CLIP


@pytest.fixture
def bytes_tokenizer():
    """Bytes as they are, and an end token, which has the highest id; padded far, as CLIP's is."""
    return lambda texts: TextBatch.of([[*text.encode(), 255] for text in texts], 0, 30)


@pytest.fixture
def settings():
    return lambda protocol="umt", exclude=False: Settings(PROTOCOLS[protocol], 4, exclude)


@pytest.fixture
def clips():
    def make(count, arch, views=1):
        shape = (count, views, arch.frames, arch.image_size, arch.image_size, 3)
        return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))

    return make


@pytest.fixture
def videos():
    return lambda count: tuple(Video(f"v{i}", Path(f"v{i}.mp4")) for i in range(count))
