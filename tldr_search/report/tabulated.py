"""The tables of one study, as `markup.Table`s. Pure functions of a `Result` and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import compress

from tldr_search.cost import COUNTED, UNITS
from tldr_search.published import published_points
from tldr_search.report.compare import Difference
from tldr_search.report.corrections import AGAINST, corrections_text, test_of
from tldr_search.report.equal_cost import equal_cost
from tldr_search.report.layers import MethodLayers, Part, layers
from tldr_search.report.markup import Cell, Column, Estimate, Table, change, decimals, gflops_column, p_columns, schedule_column, score, yes
from tldr_search.report.quality import hypervolumes
from tldr_search.report.rows import Row, at_budget, baselines_at, listed
from tldr_search.report.speed import Speed, Timed
from tldr_search.report.words import (
    ON_FRONT,
    SAME_SPLIT,
    SHAPES,
    amount_text,
    constraints_text,
    correction_text,
    cost_text,
    method_name,
    metric_name,
    samples_text,
    sentence,
    shapes_text,
    twin_text,
)
from tldr_search.study.result import Result

Field = tuple[Column, Callable[[Row], Cell]]
"""A column, and what stands there for a row."""
METHOD = Column("method", "method", method_name, is_text=True, part=0.1)
ROLES = {"base": "unreduced", "winner": "searched", "baseline": "not searched", "known": "known shape"}
ORIGINS = {**SHAPES, "base": "–", "sensitivity": "probes", "neighbour": "neighbour of another cost", "model": "Gaussian process"}


def tables(result: Result, rows: Sequence[Row], speed: Speed | None = None) -> Iterator[Table]:
    """All that there is something to say in, but for `front`, which goes beside them."""
    yield winners(result, rows)
    yield from filter(None, [equal(result, rows)])
    yield layer_by_layer(result)
    yield areas(result)
    yield from filter(None, [measured(speed) if speed else None, published(result)])


def winners(result: Result, rows: Sequence[Row]) -> Table:
    """The unreduced model, then every method at the budget: searched ones first, the best on the search split in front."""
    chosen = [rows[0], *at_budget(rows, result.budget), *baselines_at(rows, result.budget)]
    kinds = _kinds(result, "unreduced", "constant", "random")
    caption = (
        f"The best schedule of each method at {amount_text(result.budget, result.unit)}. "
        f"p: {test_of(result)}{corrections_text(rows, kinds)}. {_conditions(result)}"
    )
    method, schedule, *numbers = _subject(result)
    shape = [_shape_field()] if any(row.shapes for row in chosen) else []
    against = _differences(result, "unreduced", "constant", "random")
    return _of_rows("winners", caption, [method, schedule, *shape, *numbers, *against], chosen)


def front(result: Result, rows: Sequence[Row]) -> Table:
    """Everything that was measured on the report split; a searched schedule that is a known shape stands there once."""
    caption = (
        f"Everything measured on the {result.report_split} split; on the front: {ON_FRONT}. A searched schedule that is a known shape "
        "stands here once, as searched. Origin: where the schedule came from: a known shape brought to the cost, the probes of single "
        "layers, the schedule chosen at another cost, or a proposal of the Gaussian process or of another sampler. "
        f"p: {test_of(result)}{corrections_text(rows, ('to_base',), ('winner', 'baseline', 'known'))}. {_conditions(result)}"
    )
    role = Column("role", "role", lambda name: ROLES[name], is_text=True)
    origin = Column("origin", "origin", _origins, is_text=True, part=0.1)
    fields: list[Field] = [(role, lambda row: row.role), (origin, lambda row: ",".join(row.shapes) or row.point.origin)]
    on_front: Field = (Column("on_front", "on the front", yes, is_text=True), lambda row: row.on_front)
    subject = _subject(result)
    return _of_rows(
        "front",
        caption,
        [fields[0], subject[0], fields[1], *subject[1:], *_differences(result, "unreduced"), on_front],
        listed(rows),
    )


def equal(result: Result, rows: Sequence[Row]) -> Table | None:
    """Methods x schedules at one cost; None if no known shape was measured there."""
    found = equal_cost(result, rows)
    if found is None:
        return None
    shapes = [Column(f"shape_{shape.replace('-', '_')}", SHAPES.get(shape, shape), score) for shape in found.shapes]
    best = Column("best_shape", "best shape", lambda name: SHAPES.get(name, name), is_text=True)
    same = Column("same_schedule", "same schedule", yes, is_text=True, repeats=True)
    against = [best, same, Column("to_best_shape", "searched vs best shape", change), *p_columns()]
    caption = (
        f"Methods at equal cost ({amount_text(result.budget, result.unit)}), each with its searched schedule and with known shapes. The "
        f"best shape is the one that did best here, which favours it; where the searched schedule is that very shape, "
        f"nothing is left to test. p: {test_of(result)}{correction_text(found.num_tests, 'methods')}. "
    )
    lines = [
        (
            line.method,
            *(None if cell is None else _score(cell) for cell in line.cells),
            line.rival or None,
            line.same_schedule,
            *_difference(line.to_known),
        )
        for line in found.lines
    ]
    return Table(
        "equal_cost", caption + _conditions(result), (METHOD, Column("searched", "searched", score), *shapes, *against), tuple(lines)
    )


def layer_by_layer(result: Result) -> Table:
    """What every winner at the budget costs in each block."""
    found = layers(result)
    columns = [METHOD, Column("layer", "layer", is_text=True), Column("tokens_in", "tokens in"), Column("tokens_out", "tokens out")]
    costs = ("attention", "decision", "mlp", *["downsample"] * found.downsamples)
    columns += [Column(name, name.replace("mlp", "MLP"), decimals(3)) for name in costs]
    columns += [Column("gflops", "GFLOPs", decimals(3)), Column("unreduced", "unreduced", decimals(3))]
    columns += [Column("percent_of_unreduced", "% of unreduced", decimals(1))]
    caption = (
        f"GFLOPs per clip of {found.cost_model}, layer by layer, of the winners at {amount_text(result.budget, result.unit)} "
        "(fvcore’s count: one multiply-add is 1). Tokens are those of one sequence, as the schedule counts them."
    )
    lines = [line for method in found.methods for line in (*(_part(method, p, costs) for p in method.parts), _sum(method, len(costs)))]
    return Table("layers", caption, tuple(columns), tuple(lines))


def areas(result: Result) -> Table:
    """The hypervolume of each method."""
    searched = Column("searched", "searched", yes, is_text=True)
    columns = (METHOD, searched, Column("hypervolume", "hypervolume (%)", score))
    caption = (
        "Hypervolume: the area that the schedules on the line of a method dominate (known shapes are not counted), in per cent of the "
        f"rectangle from 0 to the unreduced model’s "
        f"{amount_text(result.base.price, result.unit)} and from 0 to 100 %; in brackets 95 % intervals (paired bootstrap over videos)."
    )
    lines = tuple((h.method, h.searched, Estimate(h.percent, h.low, h.high)) for h in hypervolumes(result))
    return Table("hypervolume", f"{caption} {_conditions(result)}", columns, lines)


def measured(speed: Speed) -> Table:
    """Speed and memory."""
    columns = (
        METHOD,
        schedule_column(),
        gflops_column(),
        Column("ms", "ms per batch", _range),
        Column("clips_per_second", "clips/s", lambda value: f"{value:.3g}"),
        Column("peak_mib", "peak MiB", decimals(0)),
        Column("speed_up", "speed-up", decimals(2)),
        Column("gflops_ratio", "GFLOPs ratio", decimals(2)),
    )
    return Table("speed", speed_caption(speed), columns, tuple(map(_timed, speed.rows)))


def speed_caption(speed: Speed) -> str:
    """What was measured, where and how."""
    fields = "".join(f", {name} {value}" for name, value in speed.overrides.items())
    return (
        f"Measured speed of {speed.model}{fields} on {speed.device}, torch {speed.torch}, {speed.precision}, batch {speed.batch_size}: "
        f"medians over {speed.turns} turn{'' if speed.turns == 1 else 's'}, in brackets the fastest and the slowest. Models take turns; "
        "weights and clips are random, which changes nothing in what is computed. Peak memory is above what weights and clips take. "
        "GFLOPs ratio: the speed-up that GFLOPs alone would promise."
    )


def published(result: Result) -> Table | None:
    """What others published of the same backbone and benchmark; None where there is nothing, for a cost twin, and for other clips."""
    points = published_points(result.model, result.benchmark)
    if not points or result.model != result.cost_model or "frames" in result.overrides:
        return None
    columns = (
        METHOD,
        Column("gflops", "GFLOPs", lambda value: f"{value:g}"),
        Column("metric", "metric", metric_name, is_text=True),
        Column("value", "%", lambda value: f"{value:g}"),
        Column("source", "source", is_text=True),
        Column("measured_here", "measured here", lambda here: "yes" if here else "no", is_text=True),
    )
    lines = tuple((p.method, p.gflops, p.metric, p.value, p.source, False) for p in points)
    caption = (
        f"What others published for {result.model} on {result.benchmark}: not measured here, and not with the same weights or samples."
    )
    return Table("published", caption, columns, lines)


def _shape_field() -> Field:
    """Which known shape a schedule is, if any: origins with commas for programs."""
    column = Column("known_shape", "which is", lambda names: shapes_text(names.split(",")), is_text=True, part=0.1)
    return column, lambda row: ",".join(row.shapes) or None


def _of_rows(name: str, caption: str, fields: Sequence[Field], rows: Sequence[Row]) -> Table:
    return Table(name, caption, tuple(column for column, _ in fields), tuple(tuple(cell(row) for _, cell in fields) for row in rows))


def _subject(result: Result) -> list[Field]:
    """What was measured, and its score."""
    price = Column("price", UNITS[result.unit], cost_text)
    fields: list[tuple[bool, Field]] = [
        (True, (METHOD, lambda row: row.point.method)),
        (True, (schedule_column(), lambda row: row.point.schedule if row.role != "base" else None)),
        (result.unit != COUNTED, (price, lambda row: row.point.price)),
        (True, (gflops_column(), lambda row: row.point.gflops)),
        (True, (Column("percent_of_base", "% of unreduced", decimals(1), repeats=True), lambda row: row.percent_of_base)),
        (True, (Column("score", f"{metric_name(result.objective)} (%)", score), _score)),
    ]
    return list(compress((field for _, field in fields), (there for there, _ in fields)))


def _differences(result: Result, *to: str) -> list[Field]:
    """Against the unreduced model, constant r and random dropping, as far as asked for and measured, each with its p-values."""
    return [field for name in _kinds(result, *to) for field in _difference_fields(name, AGAINST[name])]


def _kinds(result: Result, *to: str) -> list[str]:
    there = {"unreduced": True, "constant": bool(result.known), "random": any(p.method == "random" for p in result.baselines)}
    names = {"unreduced": "to_base", "constant": "to_constant", "random": "to_random"}
    return [names[key] for key in to if there[key]]


def _difference_fields(name: str, head: str) -> list[Field]:
    def part(index: int) -> Callable[[Row], Cell]:
        return lambda row: _difference(getattr(row, name))[index]

    return list(zip((Column(name, head, change), *p_columns(f"{name}_")), map(part, range(3)), strict=True))


def _difference(value: Difference | None) -> tuple[Estimate | None, float | None, float | None]:
    return (None, None, None) if value is None else (Estimate(value.points, value.low, value.high), value.p, value.p_holm)


def _score(row: Row) -> Estimate:
    return Estimate(row.point.score, *row.ci95)


def _part(method: MethodLayers, part: Part, costs: Sequence[str]) -> tuple[Cell, ...]:
    shares: list[Cell] = [getattr(part, name) for name in costs]
    return (method.method, part.name, part.tokens_in, part.tokens_out, *shares, part.gflops, part.unreduced, part.percent)


def _sum(method: MethodLayers, num_costs: int) -> tuple[Cell, ...]:
    return (method.method, "all", *(None,) * (2 + num_costs), method.gflops, method.unreduced, method.percent)


def _timed(row: Timed) -> tuple[Cell, ...]:
    ms = Estimate(row.ms, row.ms_low, row.ms_high)
    schedule = None if row.method == "none" else row.schedule
    return (row.method, schedule, row.gflops, ms, row.clips_per_second, row.peak_mib, row.speed_up, row.gflops_ratio)


def _range(value: Estimate) -> str:
    return f"{value.value:.1f} [{value.low:.1f}, {value.high:.1f}]"


def _origins(names: str) -> str:
    """Origins with commas between them: the known shapes that a schedule is."""
    first, *others = names.split(",")
    return shapes_text((first, *others)) if first in SHAPES else ORIGINS.get(names, names)


def _conditions(result: Result) -> str:
    """What scores are, in sentences."""
    held = f"Schedules were held to this: {constraints_text(result.constraints)}. " if result.constraints else ""
    same = f"Warning: {SAME_SPLIT}. " if result.same_split else ""
    samples = f"the {samples_text(result.num_samples, result.num_videos)} of the {result.report_split} split of {result.benchmark}"
    return (
        f"{same}Score: {metric_name(result.objective)} (%) on {samples}; in brackets 95 % intervals (bootstrap over videos, paired for "
        f"differences). {held}{sentence(twin_text(result.model, result.cost_model, result.unit))}"
    )
