"""The one door to the accelerator: what is asked of a schedule -> scores, through Lightning's Trainer."""

from __future__ import annotations

import logging
import os
import signal
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import lightning
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.strategies.launchers import _SubprocessScriptLauncher
from torch import nn

from tldr_search.assembly import clips, decoder, load_model, make_task, read_split
from tldr_search.backbones.prefixes import Prefixes
from tldr_search.config import Settings
from tldr_search.data.benchmarks.split import Split
from tldr_search.data.decoding import Decoder
from tldr_search.data.module import ClipModule, Clips, in_batches
from tldr_search.data.parts import part_of
from tldr_search.progress import VideoBar, Watcher
from tldr_search.reducers import NONE
from tldr_search.scores import Evaluation, Request, by_video
from tldr_search.tasks.excluded import check_excluded
from tldr_search.tasks.outcome import Outcome
from tldr_search.tasks.ranks import Watch, everywhere, tell_failure
from tldr_search.tasks.said import LABEL_FREE, Said
from tldr_search.tasks.store import Scratch, Store
from tldr_search.tasks.task import Task, finished_batches

PATIENCE = timedelta(days=7)
"""A rank may wait long for a slower one: a watch tells it when the other has failed or gone."""
PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


class World(NamedTuple):
    """How many processes take part."""

    devices: int = 1
    """On each node."""
    num_nodes: int = 1


ONE_DEVICE = World()


class Measurement(NamedTuple):
    """One schedule on one split."""

    outcome: Outcome
    excluded: Mapping[str, str]
    """Videos that were left out, and why."""
    num_videos: int
    """The others."""
    num_views: int
    """Views that went through the model, on all devices; what was finished before is not among them."""
    seconds: float
    """Wall time."""


class Evaluator:
    """Loads model, texts and clips once; then measures any schedule on any split, or on parts of it.

    With several devices every rank holds an `Evaluator` of its own and gets the same scores.
    """

    def __init__(self, config: Settings, world: World = ONE_DEVICE, *, bar: bool = False, seed: int = 0) -> None:
        """`bar`: progress on standard error; `seed`: of the order that parts of a split begin."""
        self._config, self._world, self._bar = config, world, bar
        self._splits: dict[str, Split] = {}
        self._tasks: dict[str, tuple[Task, Clips]] = {}
        self._seed, self._scratch, self._prefixes = seed, Scratch(), Prefixes()
        self._unreduced: dict[tuple[str, float], Said] = {}
        self._watch = Watch()

    def __call__(self, request: Request) -> Evaluation:
        """Part after part of one schedule computes every video once; schedules that begin alike share those layers, as far as memory goes.

        `ValueError` for an objective that is no rate of the task, or a part in which there is nothing to measure.
        """
        unreduced = self._said_unreduced(request.split, request.part) if request.objective in LABEL_FREE else None
        found = self._part(request.method, request.schedule, request.split, request.part)
        outcome = found.outcome if unreduced is None else found.outcome.beside(unreduced)
        fared, names = by_video(outcome.rate(request.objective))
        return Evaluation(outcome.metrics, request.objective, fared.values, names, found.seconds, found.num_videos, fared.counts)

    def measure(self, method: str, schedule: tuple[int, ...], split: str, kept: Path) -> Measurement:
        """`kept`: the directory of finished batches, from which an interrupted evaluation goes on; it must be of this very evaluation."""
        task, source = self._task(split)
        task.reduction, task.store, task.prefixes = (method, schedule), Store(kept), None
        return self._run(task, source, range(len(source)))

    def _part(self, method: str, schedule: tuple[int, ...], split: str, part: float) -> Measurement:
        task, source = self._task(split)
        self._prefixes.at(split, (method, schedule))
        task.reduction, task.prefixes = (method, schedule), self._prefixes
        reduces = any(schedule)  # otherwise all methods are the same, and what comes next may be compared with it
        task.store = self._scratch.of((method, schedule, split) if reduces else split, for_good=not reduces)
        return self._run(task, source, part_of(len(source), part, self._config.videos_at_once, self._seed))

    def _said_unreduced(self, split: str, part: float) -> Said:
        """What everything else is compared with, computed once."""
        if (split, part) not in self._unreduced:
            self._unreduced[split, part] = self._part(NONE.name, (), split, part).outcome.said
        return self._unreduced[split, part]

    def _run(self, task: Task, source: Clips, videos: Sequence[int]) -> Measurement:
        task.videos, task.bar = videos, self._bar
        started = time.perf_counter()
        batches = in_batches(videos, self._config.videos_at_once)
        self.trainer.test(task, ClipModule(source, batches, partial(finished_batches, task.store)), verbose=False)
        assert task.outcome is not None
        excluded = {task.names[i]: reason for i, reason in task.excluded.items()}
        return Measurement(task.outcome, excluded, len(videos) - len(excluded), task.num_views, time.perf_counter() - started)

    def annotated(self, split: str) -> Split:
        """The annotations of a split, read once; `ValueError` for what is malformed."""
        if split not in self._splits:
            self._splits[split] = read_split(self._config, split)
        return self._splits[split]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within, all ranks end if one fails, also before they have met in a run."""
        if _surroundings():
            _meet(self.trainer)  # the others are there already; otherwise the first run starts them
            self._watch.start()
        try:
            yield
        except BaseException as error:
            self._stop_others(error)
            raise
        finally:
            self._watch.stop()
            self.close()

    @property
    def is_first(self) -> bool:
        """Whether this is the rank that speaks."""
        return bool(getattr(rank_zero_only, "rank", 0) == 0)

    @property
    def is_first_of_node(self) -> bool:
        """Whether this is the rank that tidies up on its node."""
        return bool(self.trainer.local_rank == 0)

    def close(self) -> None:
        """Ends the decoding processes, and forgets what was finished of trials."""
        self._scratch.close()
        if "_decoder" in self.__dict__:
            self._decoder.close()

    @cached_property
    def trainer(self) -> lightning.Trainer:
        """One for all runs; launches the other devices' processes at the first."""
        _quiet()
        distributed = self._world.devices * self._world.num_nodes > 1
        return lightning.Trainer(
            accelerator="auto",
            devices=self._world.devices,
            num_nodes=self._world.num_nodes,
            strategy=DDPStrategy(timeout=PATIENCE) if distributed else "auto",
            precision=PRECISIONS[self._config.precision],  # type: ignore[arg-type]
            use_distributed_sampler=False,
            logger=False,
            callbacks=[Watcher(self._watch), *[VideoBar()] * self._bar],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    def _task(self, split: str) -> tuple[Task, Clips]:
        if split not in self._tasks:
            annotated = self.annotated(split)
            source = clips(self._config, annotated, self._decoder)
            names = [video.name for video in annotated.videos]
            missing = dict(found for rank in everywhere(source.missing()) for found in rank.items())
            check_excluded(names, missing, tolerated=self._config.on_bad_video == "exclude")  # before anything takes long
            self._tasks[split] = make_task(self._config, annotated, self._model), source
        return self._tasks[split]

    def _stop_others(self, error: BaseException) -> None:
        """The others are told why; those that this process launched end with it."""
        try:
            tell_failure(error)
        finally:
            launcher = self.trainer.strategy.launcher
            if isinstance(launcher, _SubprocessScriptLauncher):
                launcher.kill(signal.SIGKILL)

    @cached_property
    def _model(self) -> nn.Module:
        return load_model(self._config)

    @cached_property
    def _decoder(self) -> Decoder:
        return decoder(self._config)


def launched(devices: int | None, num_nodes: int | None) -> World:
    """The processes that torchrun or SLURM started, or what was asked for; `ValueError` where the two differ."""
    found = _surroundings()
    if num_nodes and num_nodes > 1 and not found and "MASTER_ADDR" not in os.environ:
        accepted = "torchrun, srun, or MASTER_ADDR and NODE_RANK set on every node, would be accepted"
        raise ValueError(f"num_nodes: {num_nodes}, but nothing started processes on other nodes; {accepted}")
    asked = World(devices or (found.devices if found else 1), num_nodes or (found.num_nodes if found else 1))
    if found and asked != found:
        raise ValueError(
            f"devices: {asked.devices} on {asked.num_nodes} nodes, but {found.devices} processes were started on each of "
            f"{found.num_nodes}; leaving devices and num_nodes out would be accepted"
        )
    return asked


def tell_ranks(error: ValueError) -> None:
    """Of a mistake in the settings that perhaps only this rank has found: on its node, say."""
    if (world := _surroundings()) and world != ONE_DEVICE:
        _meet(lightning.Trainer(devices=world.devices, num_nodes=world.num_nodes, strategy="ddp", logger=False))
        tell_failure(error)


def _meet(trainer: lightning.Trainer) -> None:
    """Connects the ranks before the first run."""
    trainer.strategy.setup_environment()


def _surroundings() -> World | None:
    if TorchElasticEnvironment.detect():
        local = int(os.environ["LOCAL_WORLD_SIZE"])
        return World(local, int(os.environ["WORLD_SIZE"]) // local)
    if SLURMEnvironment.detect():
        nodes = int(os.environ.get("SLURM_NNODES", 1))
        return World(int(os.environ["SLURM_NTASKS"]) // nodes, nodes)
    return None


def _quiet() -> None:
    """Lightning's remarks on trainers without loggers, and the like, are not the user's business."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for message in (".*does not have many workers.*", ".*LeafSpec.*"):
        warnings.filterwarnings("ignore", message)
