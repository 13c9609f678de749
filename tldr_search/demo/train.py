"""Trains `umt-mini`, the demo's model, on clips whose captions occur in neither split.

    python -m tldr_search.demo.train [--work DIRECTORY] [--steps N]

Contrastive video-text training with a random share of the tokens masked, as in UMT's own pre-training (without it the
model breaks when tokens merge). Half of a batch is made of sets of clips whose actors have the same colours, so that these alone do
not tell them apart; beside it heads name the role of each colour and the shape and motion that go with it. Resumes from the
last checkpoint in the work directory.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple, cast

import lightning
import numpy as np
import torch
import torch.nn.functional as F
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.backbones.architectures import ARCHITECTURES
from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.text.words import WordTokenizer
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.data.sampling import middle
from tldr_search.demo.clips import reserved_captions
from tldr_search.demo.grammar import COLOURS, MOTIONS, SHAPES, Scene, random_scene, vocabulary
from tldr_search.demo.render import FRAMES, SIDE, render
from tldr_search.tasks.task import normalise

MODEL = cast(PlainArchitecture, ARCHITECTURES["umt-mini"])
SEED = 7
CLIPS = 12_000
"""Clips that are drawn once; mirrored and reversed they make four times as many."""
SHARD = 500
BLINK = 4
"""Frames for which an actor blinks."""
ROLES = ("absent", "small own", "large own", "small blink", "large blink")
"""What a colour can be in a clip."""
RANDOM, SETS, SET = 32, 4, 8
"""A batch is `RANDOM` clips and `SETS` times `SET` clips that show the same colours."""
STEPS = 1_200
LEARNING_RATE = 1.5e-3
WARM_UP = 100
COOL_DOWN = 0.3
"""Share of the steps, at the end, over which the learning rate falls to zero."""
KEEP = (0.25, 0.55)
"""Range of the share of tokens that a training step sees."""
KEEP_COOL = (0.3, 0.8)
"""The same during the cool-down."""
WEIGHTS = Path(__file__).parent / "umt_mini.safetensors"

_OPPOSITE_MIRRORED = {"left": "right", "right": "left"}
_OPPOSITE_REVERSED = {**_OPPOSITE_MIRRORED, "up": "down", "down": "up", "grows": "shrinks", "shrinks": "grows"}


class Batch(NamedTuple):
    """A training batch."""

    video: Tensor
    """[B, T, H, W, 3] uint8"""
    text: TextBatch
    labels: Tensor
    """[B, colours, 3] int64: role of each colour (see `ROLES`), shape and motion of the actor whose own colour it is, else -1."""
    blink: Tensor
    """[B] int64: event class."""


def draw_shard(work: Path, shard: int) -> None:
    """Writes `SHARD` clips as uint8 frames, unless they are there."""
    path = work / f"clips-{shard:03d}.npy"
    if path.exists():
        return
    import av

    rng = np.random.default_rng((SEED, shard))
    (picked,) = middle(MODEL.frames, FRAMES)
    frames = np.empty((SHARD, MODEL.frames, SIDE, SIDE, 3), np.uint8)
    for row, scene in zip(frames, draw_scenes(shard), strict=True):
        for target, frame in zip(row, render(scene, rng, BLINK)[picked], strict=True):
            chroma = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")  # as H.264 will
            target[:] = chroma.to_ndarray(format="rgb24")
    partial = path.with_suffix(".partial.npy")
    np.save(partial, frames)
    partial.replace(path)


def draw_scenes(shard: int) -> list[Scene]:
    """The scenes of a shard; none has a caption of the demo's splits."""
    rng = np.random.default_rng((SEED, shard, 1))
    reserved = reserved_captions()
    scenes: list[Scene] = []
    while len(scenes) < SHARD:
        scene = random_scene(rng)
        if scene.caption not in reserved:
            scenes.append(scene)
    return scenes


class Clips(IterableDataset[Batch]):
    """An endless, seeded stream of batches: batch n is the same in every run, however often it was resumed."""

    def __init__(self, work: Path, first: int) -> None:
        self._work, self._first = work, first

    def __iter__(self) -> Iterator[Batch]:
        shards = [_Shard.open(self._work, s) for s in range(CLIPS // SHARD)]
        by_colours: dict[frozenset[str], list[int]] = {}
        for n in range(CLIPS):
            by_colours.setdefault(frozenset(a.colour for a in shards[n // SHARD].scenes[n % SHARD].actors), []).append(n)
        sets = [clips for clips in by_colours.values() if len(clips) >= SET]
        share = np.array([len(clips) for clips in sets]) / sum(map(len, sets))
        reserved = reserved_captions()
        tokenize = WordTokenizer(vocabulary())
        step = self._first
        while True:
            rng = np.random.default_rng((SEED, 2, step))
            same = [rng.choice(sets[i], SET, replace=False) for i in rng.choice(len(sets), SETS, replace=False, p=share)]
            numbers = np.concatenate([rng.choice(CLIPS, RANDOM, replace=False), *same])
            clips = [_augment(shards[n // SHARD].clip(n % SHARD), rng, reserved) for n in numbers]
            yield Batch(
                torch.from_numpy(np.stack([clip.frames for clip in clips])),
                tokenize([clip.scene.caption for clip in clips]),
                torch.tensor([_labels(clip.scene) for clip in clips]),
                torch.tensor([COLOURS.index(clip.scene.blink) for clip in clips]),
            )
            step += 1


class _Clip(NamedTuple):
    scene: Scene
    frames: np.ndarray
    """[T, H, W, 3] uint8"""


class _Shard(NamedTuple):
    scenes: list[Scene]
    frames: np.ndarray

    @staticmethod
    def open(work: Path, shard: int) -> _Shard:
        return _Shard(draw_scenes(shard), np.load(work / f"clips-{shard:03d}.npy", mmap_mode="r"))

    def clip(self, n: int) -> _Clip:
        return _Clip(self.scenes[n], self.frames[n])


def _augment(clip: _Clip, rng: np.random.Generator, reserved: frozenset[str]) -> _Clip:
    """The clip, perhaps mirrored, perhaps reversed, with the caption that then holds; as it is where that is reserved."""
    mirrored, backwards = rng.random(2) < 0.5
    scene, frames = clip
    if mirrored:
        scene, frames = _with_motions(scene, _OPPOSITE_MIRRORED), frames[:, :, ::-1]
    if backwards:
        scene, frames = _with_motions(scene, _OPPOSITE_REVERSED), frames[::-1]
    return clip if scene.caption in reserved else _Clip(scene, frames)


def _with_motions(scene: Scene, opposite: dict[str, str]) -> Scene:
    return Scene(tuple(a._replace(motion=opposite.get(a.motion, a.motion)) for a in scene.actors))


def _labels(scene: Scene) -> list[list[int]]:
    rows = [[0, -1, -1] for _ in COLOURS]
    for a in scene.actors:
        rows[COLOURS.index(a.colour)] = [ROLES.index(f"{a.size} own"), SHAPES.index(a.shape), list(MOTIONS).index(a.motion)]
        rows[COLOURS.index(a.blink)][0] = ROLES.index(f"{a.size} blink")
    return rows


class ColourQueries(nn.Module):
    """For each colour what the tokens that show it hold: one learned query per colour attends to all tokens."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(0.5 * torch.randn(len(COLOURS), dim))
        self.key, self.value = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, K, C] -> [B, colours, C]"""
        queries = self.queries.expand(len(tokens), -1, -1).to(tokens.dtype)
        return F.scaled_dot_product_attention(queries, self.key(tokens), self.value(tokens))


class Training(lightning.LightningModule):
    """Contrastive loss + attributes per colour + event class."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.model = UMTRetrieval(MODEL)
        self.model.apply(_initialise)
        self._classes = (len(ROLES), len(SHAPES), len(MOTIONS))
        self.from_pooled = nn.Linear(self.model.arch.dim, len(COLOURS) * sum(self._classes))
        self.queries = ColourQueries(self.model.arch.dim)
        dim = self.model.arch.dim
        self.from_queries = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, sum(self._classes)))
        self._steps = steps

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Contrastive loss, attributes from the pooled feature and from the tokens, event class."""
        tokens = self._tokens(batch.video)
        pooled = self.model.vision_encoder.pool(tokens)
        similarity = self.model.embed_video(pooled) @ self.model.embed_text(batch.text).T
        logits = similarity.float() / self.model.temp.clamp(0.01, 0.5)
        same = (batch.text.ids[:, None] == batch.text.ids[None]).all(-1).float()  # equal captions are no negatives
        target = same / same.sum(1, keepdim=True)
        contrastive = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        role, shape, moves = self._attributes(self.from_queries(self.queries(tokens)), batch.labels)
        pooled_role, *others = self._attributes(self.from_pooled(pooled).unflatten(-1, (len(COLOURS), -1)), batch.labels)
        assert self.model.head is not None
        blink = F.cross_entropy(self.model.head(pooled).float(), batch.blink)
        hits = (logits.argmax(0) == torch.arange(len(logits), device=logits.device)).float().mean()
        parts = {"nce": contrastive, "role": role, "shape": shape, "moves": moves, "pooled_role": pooled_role, "blink": blink}
        self.log_dict({**parts, "r1": hits}, prog_bar=True)
        return contrastive + 4 * (role + pooled_role) + 0.5 * (shape + moves + sum(others)) + 0.3 * blink

    def _attributes(self, guesses: Tensor, labels: Tensor) -> list[Tensor]:
        """Guesses [B, colours, classes], labels [B, colours, 3] -> losses of role, and of shape and motion where there is an actor."""
        parts = torch.split(guesses.float(), list(self._classes), dim=-1)
        return [F.cross_entropy(part.flatten(0, 1), labels[..., i].flatten(), ignore_index=-1) for i, part in enumerate(parts)]

    def _tokens(self, video: Tensor) -> Tensor:
        encoder = self.model.vision_encoder.encoder
        tokens = encoder.embed(normalise(video, PROTOCOLS["umt"])).float()  # the residual stream keeps full precision
        generator = torch.Generator().manual_seed(SEED + self.global_step)
        low, high = KEEP_COOL if self.global_step >= self._steps * (1 - COOL_DOWN) else KEEP
        keep = round(tokens.shape[1] * (low + (high - low) * torch.rand((), generator=generator).item()))
        order = torch.rand(tokens.shape[:2], generator=generator).argsort(dim=1)[:, :keep].sort(dim=1).values.to(tokens.device)
        return encoder.encode(tokens.gather(1, order[..., None].expand(-1, -1, tokens.shape[2]))).tokens.flatten(1, 2)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW; the rate warms up, stays, and falls linearly to zero over the cool-down."""
        decayed = [p for p in self.parameters() if p.dim() > 1]
        others = [p for p in self.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.98))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _rate(self, step: int) -> float:
        return min((step + 1) / WARM_UP, 1.0, max(self._steps - step, 0) / (COOL_DOWN * self._steps))


def _initialise(module: nn.Module) -> None:
    """Xavier, with a patch embedding taken as a linear layer: the usual 0.02 is for models six times as wide."""
    if isinstance(module, nn.Linear | nn.Conv3d):
        nn.init.xavier_uniform_(module.weight.data.flatten(1))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.1)


def export(model: nn.Module, path: Path) -> None:
    """The weights in half precision."""
    save_file({k: v.detach().half().contiguous() for k, v in model.state_dict().items()}, path, {"model": "umt-mini"})


def main() -> None:
    """Draws the clips, trains or resumes, writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/umt-mini"), help="clips and checkpoints")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(draw_shard, [options.work] * (CLIPS // SHARD), range(CLIPS // SHARD)))
    lightning.seed_everything(SEED)
    last = options.work / "last.ckpt"
    first = torch.load(last, weights_only=True)["global_step"] if last.exists() else 0
    module = Training(options.steps)
    trainer = lightning.Trainer(
        max_steps=options.steps,
        precision="bf16-mixed",
        gradient_clip_val=1.0,
        accelerator="auto",
        devices=1,
        logger=CSVLogger(options.work, name="log"),
        log_every_n_steps=20,
        callbacks=[ModelCheckpoint(options.work, save_last=True, every_n_train_steps=100, save_top_k=0), TQDMProgressBar(20)],
    )
    loader = DataLoader(Clips(options.work, first), batch_size=None, num_workers=1, prefetch_factor=4)
    trainer.fit(module, loader, ckpt_path=last if last.exists() else None, weights_only=True)
    export(module.model, options.out)
    print(options.out)


if __name__ == "__main__":
    main()
