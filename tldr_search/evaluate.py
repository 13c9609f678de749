"""The one door to the accelerator: (method, schedule, split) -> scores, through Lightning's Trainer."""

from __future__ import annotations

import logging
import time
import warnings
from functools import cached_property
from typing import NamedTuple

import lightning
import torch

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.checkpoints import load_backbone, load_retrieval
from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.families import VideoSide
from tldr_search.backbones.text.tokenizers import tokenizer_of
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.data.module import ClipModule, Clips
from tldr_search.scores import Evaluation
from tldr_search.tasks.classification import ClassificationTask
from tldr_search.tasks.retrieval import RetrievalTask
from tldr_search.tasks.task import Task


class Hardware(NamedTuple):
    """Where and how an evaluation runs."""

    devices: int = 1
    num_nodes: int = 1
    accelerator: str = "auto"
    precision: str = "fp32"
    """`fp32`, `bf16` or `fp16`."""
    batch_size: int = 50
    workers: int = 2
    """Decoding processes, for splits too large to stay in memory."""


ONE_DEVICE = Hardware()
PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


class Evaluator:
    """Loads model, text features and clips once; then measures any schedule on any split.

    With several devices every rank holds an `Evaluator` of its own and gets the same scores.
    """

    def __init__(self, model: str, checkpoint: str | None, benchmark: str, objective: str, hardware: Hardware = ONE_DEVICE) -> None:
        self._model, self._checkpoint, self._objective = model, checkpoint, objective
        self._benchmark = BENCHMARKS[benchmark]
        self._arch = architecture(model)
        self._hardware = hardware
        self._tasks: dict[str, Task] = {}
        self._loaders: dict[str, ClipModule] = {}

    def __call__(self, method: str, schedule: tuple[int, ...], split: str) -> Evaluation:
        """`schedule` in the counts of the model; method `none` with an empty schedule is the model unreduced."""
        task, loader = self._task(split), self._loaders[split]
        task.reduction = (method, schedule)
        started = time.perf_counter()
        self.trainer.test(task, loader, verbose=False)
        assert task.outcome is not None
        names = self._names(split)
        outcomes = task.outcome.hits(self._objective)
        return Evaluation(task.outcome.metrics, self._objective, outcomes, names, time.perf_counter() - started)

    @cached_property
    def trainer(self) -> lightning.Trainer:
        """One for all runs; launches the other devices' processes at the first."""
        _quiet()
        distributed = self._hardware.devices * self._hardware.num_nodes > 1
        return lightning.Trainer(
            accelerator=self._hardware.accelerator,
            devices=self._hardware.devices,
            num_nodes=self._hardware.num_nodes,
            strategy="ddp" if distributed else "auto",
            precision=PRECISIONS[self._hardware.precision],  # type: ignore[arg-type]
            use_distributed_sampler=False,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    def _names(self, split: str) -> tuple[str, ...]:
        samples = self._benchmark.read(split)
        if self._objective.startswith("t2v"):
            return tuple(f"{s.name}#{i}" for s in samples for i in range(len(s.captions)))
        return tuple(s.name for s in samples)

    def _task(self, split: str) -> Task:
        if split not in self._tasks:
            samples = self._benchmark.read(split)
            clips = Clips(samples, self._arch.frames, self._arch.image_size)
            clips.preload()
            self._loaders[split] = ClipModule(clips, self._hardware.batch_size, self._hardware.workers)
            if self._objective.startswith("top"):
                labels = torch.tensor([s.label for s in samples])
                self._tasks[split] = ClassificationTask(self._backbone, labels)
            else:
                texts = [caption for s in samples for caption in s.captions]
                owner = torch.tensor([i for i, s in enumerate(samples) for _ in s.captions])
                with torch.inference_mode():
                    features = self._towers.embed_text(tokenizer_of(self._arch)(texts))
                self._tasks[split] = RetrievalTask(self._towers, features.clone(), owner)
        return self._tasks[split]

    @cached_property
    def _towers(self) -> UMTRetrieval | CLIPRetrieval:
        return load_retrieval(self._model, self._checkpoint)

    @cached_property
    def _backbone(self) -> VideoSide:
        return load_backbone(self._model, self._checkpoint)


def _quiet() -> None:
    """Lightning's remarks on trainers without loggers, and the like, are not the user's business."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    for message in (".*does not have many workers.*", ".*LeafSpec.*", ".*srun.*"):
        warnings.filterwarnings("ignore", message)
