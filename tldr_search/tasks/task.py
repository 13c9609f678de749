"""What all evaluations have in common: numbers per clip, gathered over views, batches and devices, scored once.

Notation: B videos of V views (clip x crop) of T frames; a view is what the model sees at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple

import lightning
import torch
from torch import Tensor, nn

from tldr_search.backbones.output import Output
from tldr_search.backbones.prefixes import Prefixes, PrefixesOfClips
from tldr_search.data.module import ClipBatch
from tldr_search.data.protocols import Protocol
from tldr_search.metrics import RowsById
from tldr_search.tasks.excluded import check_excluded
from tldr_search.tasks.memory import attempt
from tldr_search.tasks.outcome import Outcome
from tldr_search.tasks.ranks import check_failure, everywhere
from tldr_search.tasks.store import Store

CLIPS = "clips"
"""Stage of the store: what the first pass, over the videos, found."""


class Rows(NamedTuple):
    """Numbers about samples."""

    index: Tensor  # type: ignore[assignment]
    """[n] int64: which samples (videos, or questions); each once."""
    values: Tensor
    """[n, width]"""


class Settings(NamedTuple):
    """How a task runs, whatever it measures."""

    protocol: Protocol
    """The views, and how their pixels are normalised."""
    views_at_once: int
    """Views that go through the model together; halved when memory does not suffice."""
    exclude: bool = False
    """Whether videos that cannot be read are left out and counted, rather than an error at the end."""


class Task(ABC, lightning.LightningModule):
    """Runs the model over a split, or some of its videos; `reduction` may be set anew between runs, `outcome` is there after each."""

    def __init__(self, model: nn.Module, names: Sequence[str], settings: Settings) -> None:
        """`names` of the split's videos, in its order."""
        super().__init__()
        self.model, self.names, self.settings = model, tuple(names), settings
        self.reduction: tuple[str, tuple[int, ...]] = ("none", ())
        self.store: Store
        """Where finished batches are kept; set it, too, before a run: what it holds already is not computed again."""
        self.videos: Sequence[int] = range(len(self.names))
        """Positions of those that are measured, in any order."""
        self.prefixes: Prefixes | None = None
        """Where schedules find what others have computed already."""
        self.bar = False
        """Whether a second pass shows how far it is, on standard error."""
        self.outcome: Outcome | None = None
        self.excluded: dict[int, str] = {}
        """Videos that were left out, and why."""
        self.num_views = 0
        """Views that went through the model in the last run, on all ranks."""
        self._views_at_once = settings.views_at_once
        self._prepared = False
        self._rows: list[Rows] = []
        self._own: list[int] = []

    def prepare(self) -> None:
        """Before the first run, on the device, in its precision: what depends neither on the videos nor on the schedule (texts)."""

    @abstractmethod
    def features(self, output: Output) -> dict[str, Tensor]:
        """What is needed of the views in a forward pass, each [views, ...]."""

    @abstractmethod
    def rows(self, videos: Tensor, features: dict[str, Tensor]) -> Rows:
        """The rows of some videos [B] from their features, each [B, V, ...]; may add to `features` what the store shall keep."""

    @abstractmethod
    def score(self, rows: Rows) -> Outcome:
        """The rows of all samples, on the CPU, by rising index; what was excluded is not among them. Called on every rank."""

    def expected(self, videos: Sequence[int]) -> Sequence[int]:
        """The indices of the rows that those videos must give, rising."""
        return videos

    def on_test_start(self) -> None:
        """Texts, once."""
        if not self._prepared:
            with self.autocast():
                self.prepare()
            self._prepared = True

    def on_test_epoch_start(self) -> None:
        """Nothing is left of an earlier run."""
        self.outcome, self.excluded, self.num_views, self._rows, self._own = None, {}, 0, [], []

    def test_step(self, batch: ClipBatch, batch_idx: int) -> None:
        """One batch; what an earlier run finished is read."""
        check_failure()
        self.excluded |= dict(batch.excluded)
        if batch.finished:
            rows = Rows(self.store.get(CLIPS, batch.number, "index"), self.store.get(CLIPS, batch.number, "values"))
        elif len(batch.positions):
            features = self._views(batch)
            rows = self.rows(batch.positions, features)
            self.store.forget(batch.number)  # what was made of other videos under this number
            kept = {"videos": batch.positions.clone(), "sizes": batch.sizes, **{name: features[name] for name in self.stored}}
            self.store.put(CLIPS, batch.number, {"index": rows.index, "values": rows.values, **kept})
        else:
            return
        self._own.append(batch.number)
        self._rows.append(rows)

    @property
    def stored(self) -> tuple[str, ...]:
        """Features that the store keeps for a second pass."""
        return ()

    @property
    def own(self) -> tuple[int, ...]:
        """The batches of this rank, each belonging to exactly one rank."""
        return tuple(self._own)

    def on_test_epoch_end(self) -> None:
        """The same on every rank.

        `ValueError` if videos could not be read, `RuntimeError` if a sample is missing or has no finite numbers.
        """
        self.num_views = sum(everywhere(self.num_views))
        self._share_excluded()
        rows = self.collect(self._rows)
        present = [i for i in sorted(self.videos) if i not in self.excluded]
        if rows.index.tolist() != list(self.expected(present)):
            raise RuntimeError(f"{len(rows.index)} samples came back of {len(self.expected(present))}")
        with self.autocast():
            self.outcome = self.score(rows)

    def collect(self, rows: Sequence[Rows]) -> Rows:
        """The rows of all ranks, each sample once, by rising index, on the CPU; every rank must call it. `RuntimeError` for NaN."""
        metric = RowsById()
        width, dtype = next(shape for shape in everywhere((rows[0].values.shape[1], rows[0].values.dtype) if rows else ()) if shape)
        metric.update(torch.empty(0, dtype=torch.int64), torch.empty(0, width, dtype=dtype))  # an idle rank has nothing else
        for index, values in rows:
            metric.update(index.cpu(), values.cpu())
        index, values = metric.to(self.device).compute()
        index, values = index.cpu().reshape(-1), values.cpu().reshape(-1, width)  # torchmetrics makes scalars of single numbers
        wrong = index[~values.isfinite().all(dim=1)].tolist()
        if wrong:
            raise RuntimeError(f"the model gives no finite numbers for {len(wrong)} samples, the first at position {wrong[0]} of the split")
        return Rows(index, values)

    def autocast(self) -> AbstractContextManager[None]:
        """The precision of the run, for what happens outside `test_step`."""
        return self.trainer.precision_plugin.test_step_context()

    def _views(self, batch: ClipBatch) -> dict[str, Tensor]:
        """Features of the views of its videos, each [B, V, ...]; fewer views at once when memory does not suffice."""
        flat, shape = batch.video.flatten(0, 1), batch.video.shape[:2]
        parts: list[dict[str, Tensor]] = []
        done = 0
        while done < len(flat):
            views = flat[done : done + self._views_at_once]
            which = (tuple(batch.positions.tolist()), done, len(views))
            prefixes = None if self.prefixes is None else self.prefixes.of(which)
            if (part := attempt(partial(self._forward, prefixes=prefixes), views)) is None:
                if self.prefixes is None or not self.prefixes.give_up():
                    self._views_at_once = len(views) // 2
                continue
            parts.append(part)
            done += len(views)
        self.num_views += done
        return {name: torch.cat([part[name] for part in parts]).view(*shape, *parts[0][name].shape[1:]) for name in parts[0]}

    def _forward(self, views: Tensor, prefixes: PrefixesOfClips | None) -> dict[str, Tensor]:
        method, schedule = self.reduction
        video = normalise(views, self.settings.protocol)
        return self.features(self.model(video, method=method, schedule=schedule, prefixes=prefixes))

    def _share_excluded(self) -> None:
        """Every rank knows all that was left out; `ValueError` if nothing may be."""
        for found in everywhere(self.excluded):
            self.excluded |= found
        self.excluded = dict(sorted(self.excluded.items()))
        check_excluded(self.names, self.excluded, tolerated=self.settings.exclude, part=len(self.videos))


def normalise(views: Tensor, protocol: Protocol) -> Tensor:
    """uint8 [n, T, H, W, 3] -> float32 [n, 3, T, H, W]."""
    mean, std = (torch.tensor(v, device=views.device).view(3, 1, 1, 1) for v in (protocol.mean, protocol.std))
    return (views.permute(0, 4, 1, 2, 3).float() / 255 - mean) / std


def finished_batches(store: Store, batches: Sequence[Sequence[int]], sizes: Sequence[int]) -> frozenset[int]:
    """Which of `batches` (of videos) an earlier run has finished, with files of the same `sizes` in bytes.

    A batch of which a video could not be read is not finished, nor is one whose file is damaged, nor one that a rank does not find: without
    a shared disk, a rank finds only its own. Every rank must call it.
    """
    found = frozenset(n for n in store.batches(CLIPS) if n < len(batches) and _is_finished(store, n, [sizes[i] for i in batches[n]]))
    return frozenset.intersection(*everywhere(found))


def _is_finished(store: Store, number: int, sizes: Sequence[int]) -> bool:
    try:
        kept: list[int] = store.get(CLIPS, number, "sizes").tolist()
    except ValueError:
        return False
    return kept == list(sizes)
