"""Measures what the parts of a model cost on this device: milliseconds, or memory at the peak, as a `Profile`.

Weights and tokens are random: neither changes what is computed. The vision encoder alone is measured, as GFLOPs count it: no decoding,
no text. All parts take turns, so that a machine which slows down or speeds up does so for all of them; costs are medians over the turns.
On a GPU, time is taken by CUDA events over several runs in a row, as blocks follow each other in a model; memory is what torch allocates.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.backbones.encoder import VideoEncoder
from tldr_search.backbones.families import VideoSide, video_side
from tldr_search.bench import MEBIBYTE, Setting, clock
from tldr_search.config import StudyConfig
from tldr_search.cost.profile import Check, Deciding, OfMethod, Passing, Profile, monotone
from tldr_search.cost.shape import most
from tldr_search.reducers import Method, PerLayer, get_method
from tldr_search.reducers.reducer import Reducer
from tldr_search.schedule import Geometry, Schedule
from tldr_search.tokens import Tokens, ones

FRACTIONS = (0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
"""Of all tokens: the counts at which blocks are measured."""
TURNS = {"ms": 4, "mib": 1}
"""One more in front warms up."""
IN_A_ROW = 4
"""Runs between two CUDA events."""


def measure_profile(config: StudyConfig) -> Profile:
    """Of `config.model` at the batch size and precision of the config, for its methods and baselines; in the unit of its budget.

    `ValueError` for memory where there is no GPU.
    """
    arch, unit = config.evaluated, config.unit
    assert isinstance(arch, PlainArchitecture)
    setting = Setting(arch, config.precision, config.batch_size)
    if unit == "mib" and setting.device.type != "cuda":
        accepted = "a budget in ms, in gflops or in per cent would be accepted"
        raise ValueError(f"budget {config.budget}: peak memory is measured on a GPU, and there is none here; {accepted}")
    methods = [get_method(name) for name in dict.fromkeys((*config.methods, *config.baselines))]
    return _Bench(setting, unit).profile(methods)


class _Bench:
    """One model on the device."""

    def __init__(self, setting: Setting, unit: str) -> None:
        assert isinstance(setting.arch, PlainArchitecture)
        self.setting, self.unit, self.geometry = setting, unit, setting.arch.geometry
        self.model: VideoSide = video_side(setting.arch).eval().to(setting.device)
        self.encoder = next(module for module in self.model.modules() if isinstance(module, VideoEncoder))
        self.video = setting.clips()
        self._turns: dict[Hashable, list[float]] = {}
        self._finished = False
        self.resident = torch.cuda.memory_allocated() / MEBIBYTE if unit == "mib" else 0.0

    @torch.inference_mode()
    def profile(self, methods: Sequence[Method]) -> Profile:
        """Parts, and a few whole models beside their prices."""
        with self.setting.autocast():
            self.dtype = self.encoder.embed(self.video).dtype
            for _ in tqdm(range(1 + TURNS[self.unit]), desc="profile", unit="turn", leave=False):
                self._turn(methods)
            self._finished = True
            return self._turn(methods)

    def _turn(self, methods: Sequence[Method]) -> Profile:
        """Every part once; of what it makes of the medians, once all turns are finished, nothing runs again."""
        setting = self.setting
        profile = Profile(
            unit=self.unit,
            model=setting.arch.name,
            device=torch.cuda.get_device_name() if setting.device.type == "cuda" else "cpu",
            precision=setting.precision,
            batch_size=setting.batch_size,
            resident=self.resident,
            ends=self._ends(),
            untouched=self._block(self.geometry.num_tokens, None, 0, 0, fresh=True),
            methods={method.spec: self._of_method(method) for method in methods},
        )
        checks = [self._check(profile, method, schedule) for method in methods for schedule in _examples(method, self.geometry)]
        return replace(profile, checks=tuple(checks))

    def _of_method(self, method: Method) -> OfMethod:
        reducer = method.build(self.geometry)
        assert reducer is not None
        all_tokens = self.geometry.num_tokens
        counts = sorted({max(1, round(fraction * all_tokens)) for fraction in FRACTIONS})
        slots = range(1 if isinstance(method, PerLayer) else method.slots(self.geometry))
        return OfMethod(
            Passing(tuple(counts), monotone([self._block(n, reducer, 0, 0) for n in counts])),
            tuple(self._deciding(method, reducer, slot, [all_tokens], fresh=True) for slot in slots),
            tuple(self._deciding(method, reducer, slot, counts) for slot in slots),
        )

    def _deciding(self, method: Method, reducer: Reducer, slot: int, counts: Iterable[int], fresh: bool = False) -> Deciding:
        unit, layer = method.unit(slot, self.geometry), method.acting_layers(self.geometry)[slot]
        before = sum(r * method.unit(i, self.geometry) for i, r in enumerate(most(method, self.geometry)[:slot]))
        fewest = self.geometry.num_tokens - before if not isinstance(method, PerLayer) else 0
        counts = [max(count, fewest) for count in counts]
        tokens = sorted({n for count in counts if method.largest(slot, n := max(count // unit, 2) * unit, self.geometry) > 0})
        few = [self._block(n, reducer, unit, layer, fresh) for n in tokens]
        many = [self._block(n, reducer, unit * method.largest(slot, n, self.geometry), layer, fresh) for n in tokens]
        return Deciding(tuple(tokens), monotone(few), monotone([min(a, b) for a, b in zip(few, many, strict=True)]))

    def _block(self, n: int, reducer: Reducer | None, r: int, layer: int, fresh: bool = False) -> float:
        """One block; `fresh`: nothing has left before it."""
        block, rows = self.encoder.blocks[layer], self.setting.batch_size * self.geometry.sequences

        def tokens() -> Tokens:
            features = torch.randn(rows, n, self.geometry.dim, device=self.setting.device).to(self.dtype)
            size = ones(features) if reducer is not None and reducer.merges and not fresh else None
            before = torch.arange(self.geometry.num_tokens, device=features.device).remainder(n).expand(rows, -1)
            return Tokens(features, size, None if fresh else before.contiguous())

        return self._cost((n, reducer, r, layer, fresh), tokens, lambda given: block(given, reducer, r, layer))

    def _ends(self) -> float:
        """The model without its blocks."""
        blocks, self.encoder.blocks = self.encoder.blocks, nn.ModuleList()
        try:
            return self._cost("ends", lambda: self.video, self.model)
        finally:
            self.encoder.blocks = blocks

    def _check(self, profile: Profile, method: Method, schedule: Schedule) -> Check:
        cost = self._cost((method, schedule), lambda: self.video, lambda video: self.model(video, method, schedule))
        return Check(method.spec, schedule, profile.price(method, self.geometry)(schedule), self.resident + cost)

    def _cost(self, part: Hashable, given: Callable[[], Any], run: Callable[[Any], object]) -> float:
        """Milliseconds per clip, or MiB above weights and clips; the median of all turns, once they are finished."""
        if not self._finished:
            cost = self._peak(given(), run) if self.unit == "mib" else self._milliseconds(given(), run)
            self._turns.setdefault(part, []).append(cost)
        return statistics.median(self._turns[part][1:] or self._turns[part])

    def _milliseconds(self, given: Any, run: Callable[[Any], object]) -> float:
        runs = IN_A_ROW if self.setting.device.type == "cuda" else 1
        with clock(self.setting.device) as elapsed:
            for _ in range(runs):
                run(given)
        return 1000 * elapsed() / runs / self.setting.batch_size

    def _peak(self, given: Any, run: Callable[[Any], object]) -> float:
        """What is given counts, unless it was there before (the clips)."""
        torch.cuda.reset_peak_memory_stats()
        run(given)
        return torch.cuda.max_memory_allocated() / MEBIBYTE - self.resident


def _examples(method: Method, geometry: Geometry) -> list[Schedule]:
    """Half of the tokens at once, and a little in every slot."""
    slots = method.slots(geometry)
    once = method.largest(0, geometry.num_tokens, geometry) * 4 // 5
    room = geometry.num_tokens // (2 * sum(method.unit(slot, geometry) for slot in range(slots)))
    return [(once, *(0,) * (slots - 1)), (min(room, once),) * slots]


def as_told(profile: Profile) -> str:
    """One line on how far prices are from what whole models took."""
    worst = max(profile.checks, key=lambda check: abs(check.error))
    where = f"{profile.model}, batch {profile.batch_size}, {profile.precision}, {profile.device}"
    farthest = f"{100 * abs(worst.error):.1f} % off ({worst.method} {','.join(map(str, worst.schedule))})"
    return f"measured on {where}; of {len(profile.checks)} whole models prices are at most {farthest}"
