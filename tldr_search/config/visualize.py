"""The settings of `visualize`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tldr_search import winners
from tldr_search.backbones.architectures import architecture
from tldr_search.config.budgeted import SHAPES
from tldr_search.config.methods import repeated
from tldr_search.config.named import named
from tldr_search.config.objectives import task_of
from tldr_search.config.paths import expanded
from tldr_search.config.rules import Rule, at_least, each, one_of
from tldr_search.config.settings import Settings
from tldr_search.cost import COUNTED, FREE, UNITS, CostModel, parse_budget
from tldr_search.cost.shape import least
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.reducers import get_method
from tldr_search.schedule import Schedule, parse_schedule, transfer

METHODS = ("vid-tldr", "tome", "sta")
"""What is compared if nothing is chosen."""
BUDGET = "60%"
"""Where, likewise."""
CLIPS = 3
"""Of the benchmark, if no video is given."""
OWN_SHAPES = {"vid-tldr": "vid-tldr", "sta": "sta"}
"""Methods that are published with a shape of their own; the others with a constant r."""


@dataclass(frozen=True)
class VisualizeConfig(Settings):
    """What to show of which clips."""

    video: tuple[str, ...] = ()
    """Videos to show; by default the first clips of the benchmark."""
    split: str | None = None
    """Split that clips are taken from, or its annotation file, below the folder of annotations; by default the first of the benchmark."""
    clips: int = CLIPS
    """How many clips of the split."""
    methods: tuple[str, ...] = ()
    """Methods side by side; by default those of the best.yaml, or vid-tldr, tome and sta."""
    schedule: str = ""
    """Tokens removed per layer (per group and stage for STA), of one method, e.g. 600,200,100; or the best.yaml of a study."""
    budget: str | None = None
    """180gflops or 60% per clip: what schedules of a known shape are brought to; by default 60%, unless there is a schedule."""
    shape: str | None = None
    """sta, vid-tldr, constant or decreasing; by default the one that each method was published with."""
    layer: int | None = None
    """Layer whose saliency and attentiveness are shown; by default the first, or of a Swin the last of its first stage."""
    out: str | None = None
    """Directory of the pictures; by default one in runs, named after what is shown, with a digest of the settings."""

    @property
    def measures(self) -> str:
        """What the model does on the benchmark; it is not done here."""
        return task_of("", self.benchmark, self.model)

    @property
    def objective(self) -> str:
        """None: nothing is scored."""
        return ""

    @property
    def splits(self) -> tuple[str, ...]:
        """None, if there are videos."""
        return () if self.video else (self.shown_split,)

    @property
    def shown_split(self) -> str:
        """`split`, or the benchmark's own."""
        return self.split or BENCHMARKS[self.benchmark].default_split

    @property
    def reads_texts(self) -> bool:
        """Pictures need no text tower."""
        return False

    @property
    def directory(self) -> Path:
        """Where pictures go."""
        if self.out:
            return expanded(self.out)
        return named(self, "visualize", self.model, *self.compared)

    @cached_property
    def best(self) -> winners.Winners | None:
        """What the `best.yaml` says, if `schedule` is one; `ValueError` if it is something else."""
        return winners.read(expanded(self.schedule)) if winners.is_file(self.schedule) else None

    @property
    def compared(self) -> tuple[str, ...]:
        """The methods, in the order in which they are shown."""
        return self.methods or (tuple(self.best.methods) if self.best else METHODS)

    @property
    def budget_gflops(self) -> float:
        """What schedules may cost."""
        return parse_budget(self.budget or BUDGET).at(CostModel(self.counted).base)[1]

    def shape_of(self, method: str) -> str:
        """The known shape of a method's schedule."""
        return self.shape or OWN_SHAPES.get(get_method(method).name, "constant")

    @property
    def layers(self) -> tuple[int, ...]:
        """Those that may be shown, from 1: of a Swin only the last ones of its stages, as nothing leaves elsewhere."""
        geometry = self.evaluated.geometry
        return tuple(layer + 1 for layer in geometry.between_stages or range(geometry.depth))

    @property
    def shown_layer(self) -> int:
        """`layer`, or the first that may be."""
        return self.layer or self.layers[0]

    @property
    def _is_any_video(self) -> bool:
        """Nothing is known of it: it belongs to no benchmark."""
        return bool(self.video) and not BENCHMARKS[self.benchmark].videos

    @property
    def _published_benchmark(self) -> str:
        """Of any video, that of a classifier with as many classes as Something-Something has, else Kinetics."""
        if not self._is_any_video:
            return self.benchmark
        return "ssv2" if self.evaluated.num_classes == BENCHMARKS["ssv2"].num_classes else "k400"

    @property
    def _benchmark_classes(self) -> int:
        return 0 if self._is_any_video else super()._benchmark_classes

    def _own_rules(self) -> Iterator[Rule]:
        yield Rule("video", self._no_video())
        yield Rule("split", self._no_split("split") if self.split else (), needs=("benchmark",))
        yield Rule("clips", at_least("clips", self.clips, 1))
        yield Rule("shape", one_of("shape", self.shape, SHAPES))
        yield Rule("methods", each(get_method, self.methods, "methods: "))
        yield Rule("methods", repeated("methods", self.methods, "the frames themselves are always shown"))
        yield Rule("schedule", self._no_schedule(), needs=("methods",))
        yield Rule("schedule", self._of_another_model(), needs=self._counted)
        yield Rule("methods", self._not_running(), needs=("schedule", *self._counted))
        yield Rule("schedule", self._impossible(), needs=("methods", *self._counted))
        yield Rule("budget", self._no_budget())
        yield Rule("budget", self._out_of_reach(), needs=("schedule", "methods", *self._counted))
        yield Rule("layer", self._no_layer(), needs=("model", "frames", "num_classes"))

    def _no_video(self) -> Iterator[str]:
        for name in dict.fromkeys(self.video):
            if self.video.count(name) > 1:
                yield f"video: {name!r} is named twice"
        for name in self.video:
            if not expanded(name).is_file():
                yield f"video: {name!r}: {'is a directory' if expanded(name).is_dir() else 'no such file'}; a video would be accepted"

    def _no_schedule(self) -> Iterator[str]:
        """One that cannot be read, or is not that of the methods."""
        if not self.schedule:
            return
        if winners.is_file(self.schedule):
            yield from each(self._chosen, [self.schedule])
            return
        yield from each(parse_schedule, [self.schedule])
        if len(self.methods) != 1:
            named = f"{len(self.methods)} methods ({', '.join(self.methods)})" if self.methods else "no method"
            yield f"schedule {self.schedule}: {named}; one, as with --method vid-tldr, would be accepted"

    def _chosen(self, schedule: str) -> list[winners.Winner]:
        return [winners.read(expanded(schedule)).of(name) for name in self.methods or (None,)]

    def _of_another_model(self) -> Iterator[str]:
        if self.best is None:
            return
        counted = architecture(self.best.cost_model, **self.best.overrides)
        if (counted.name, counted.geometry) != (self.counted.name, self.counted.geometry):
            told = "".join(f", {field} {value}" for field, value in self.best.overrides.items())
            ours = f"{self.costs}, frames {self.counted.frames}" if self.costs == self.best.cost_model else self.costs
            fields = "".join(f" --{field.replace('_', '-')} {value}" for field, value in self.best.overrides.items())
            wanted = f"--model {self.best.cost_model}{fields}" if fields else f"--cost-model {self.best.cost_model}"
            which = f"schedule {self.schedule}: counted for {self.best.cost_model}{told}"
            yield f"{which}, but costs are those of {ours}; {wanted} would be accepted"

    def _not_running(self) -> Iterator[str]:
        yield from each(lambda name: get_method(name).acting_layers(self.counted.geometry), self.compared, "methods: ")

    def _impossible(self) -> Iterator[str]:
        if self.schedule:
            yield from each(self.reduced, self.compared)

    def reduced(self, method: str) -> tuple[Schedule, Schedule]:
        """The schedule of a method, in the counts of the cost model and of the evaluated one, if `schedule` says it; `ValueError`."""
        r = self.best.of(method).schedule if self.best else parse_schedule(self.schedule)
        row, counted = get_method(method), self.counted.geometry
        return row.full(r, counted), transfer(r, row, counted, self.evaluated.geometry)

    def _no_budget(self) -> Iterator[str]:
        if self.budget is None:
            return
        if self.schedule:
            yield f"budget: {self.budget} with schedule {self.schedule}; one of them would be accepted"
            return
        yield from each(parse_budget, [self.budget])
        if not list(each(parse_budget, [self.budget])) and (
            parse_budget(self.budget).is_range or parse_budget(self.budget).unit != COUNTED
        ):
            yield f"budget: {self.budget}; one budget that is counted, such as 180gflops or 60%, would be accepted"

    def _out_of_reach(self) -> Iterator[str]:
        """A line for every method that cannot be brought to the budget."""
        if self.schedule:
            return
        for name in self.compared:
            cost, asked = CostModel(self.counted, name), self.budget_gflops
            if not (lowest := least(cost, FREE)) <= asked < cost.base:
                bounds = f"{name} on {self.costs}: least {lowest:.4g}, unreduced {cost.base:.4g}"
                yield f"budget {self.budget or BUDGET} ({asked:.4g} {UNITS[COUNTED]}) is out of reach ({bounds}); choose one between"

    def _no_layer(self) -> Iterator[str]:
        if self.layer is not None and self.layer not in self.layers:
            accepted = ", ".join(map(str, self.layers)) if self.evaluated.geometry.between_stages else f"1 to {len(self.layers)}"
            yield f"layer: {self.layer}; {accepted} would be accepted for {self.model}"
