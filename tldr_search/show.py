"""How the command line shows what the commands found; `--json` prints it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import fill
from typing import Any

from tldr_search.cost import UNITS

Row = dict[str, Any]


def evaluation(found: Row) -> str:
    """Of `commands.evaluate`."""
    low, high = found["ci95"]
    excluded = found["excluded"]
    return "\n".join(
        [
            f"{_reduction(found)} on {found['benchmark']}/{found['split']}, {found['num_samples']} samples",
            f"{found['objective']} {found['score']:.2f} [{low:.2f}, {high:.2f}] at {found['gflops']:.1f} GFLOPs ({found['cost_model']})",
            _table(_metric(name, value, found["intervals"].get(name)) for name, value in found["metrics"].items()),
            *[f"not counted, because they could not be read: {len(excluded)} of {found['dataset']['num_videos']} videos"] * bool(excluded),
            *(f"  {entry['video']}: {entry['reason']}" for entry in excluded),
            *found["files"],
        ]
    )


def _reduction(found: Row) -> str:
    """All of the schedule, but for the zeros at its end."""
    schedule = found["schedule"]
    while schedule and not schedule[-1]:
        schedule = schedule[:-1]
    return f"{found['method']} {_numbers(schedule)}{_origin(found)}" if schedule else "unreduced"


def _origin(found: Row) -> str:
    """The file that said so, if it was one."""
    return f" (from {found['schedule_from']})" if found["schedule_from"] else ""


def _metric(name: str, value: float, interval: dict[str, Any] | None) -> Row:
    bounds = "[{:.2f}, {:.2f}]".format(*interval["ci95"]) if interval else ""
    return {"metric": name, "value": f"{value:.2f}", "95 %": bounds}


def answer(found: Row) -> str:
    """Of `commands.answer`."""
    cost = f"{found['gflops']:.1f} GFLOPs ({found['cost_model']})"
    head = f"{found['video']}: {found['model']}, {_reduction(found)}, {cost}; views: {found['protocol']}"
    score = "similarity" if found["kind"] == "retrieval" else "probability"
    return "\n".join([head, _table({score: f"{entry['score']:.3f}", "answer": entry["name"]} for entry in found["answers"][:5])])


def exported(found: Row) -> str:
    """Of `commands.export`."""
    shapes = {name: f"{name} [{', '.join(map(str, shape))}]" for name, shape in [*found["inputs"].items(), *found["outputs"].items()]}
    outputs = ", ".join(shapes[name] for name in found["outputs"])
    return "\n".join(
        [
            f"{found['model']}, {_reduction(found)}, {_cell(found['gflops'])} GFLOPs per clip",
            f"{', '.join(shapes[name] for name in found['inputs'])} -> {outputs}",
            _agreement(found),
            *found["files"],
            f"{found['bytes'] / 1e6:.1f} MB",
        ]
    )


def _agreement(found: Row) -> str:
    """How far what was written is from the model."""
    if found["checked"] is None:
        return f"not checked: {found['unchecked']}"
    difference, clips, ties = found["checked"]["difference"], found["checked"]["num_clips"], found["checked"]["num_ties"]
    near = f"; in {ties} of them a near tie falls as it does when the clip changes by a rounding error" if ties else ""
    return f"largest difference from the model on {clips} random clips: {difference:.1e} (allowed: {found['tolerance']:.0e}){near}"


def flops(found: Row) -> str:
    """Of `commands.flops`."""
    share = 100 * found["gflops"] / found["base_gflops"]
    lines = [
        f"{found['model']}, {found['method']} {_numbers(found['schedule'])}{_origin(found)}",
        f"{_cell(found['gflops'])} GFLOPs per clip, {share:.1f} % of the unreduced {_cell(found['base_gflops'])}",
    ]
    if "equal" in found:
        verdict = "equal to the last unit" if found["equal"] else "NOT equal"
        lines.append(f"fvcore counts {found['fvcore_gflops']:.6f} GFLOPs: {verdict}")
    lines.append(f"GFLOPs of each layer; r counts {found['counted_in']}")
    parts = ["attention", "decision", "mlp", *["downsample"] * any(c["downsample"] for c in found["layers"])]
    nothing = dict.fromkeys(["in", "out", *parts], "")
    rows = [{"layer": "unreduced", **nothing, "sum": f"{found['observation_macs'] / 1e9:.3f}"}] * bool(found["observation_macs"])
    rows += [{"layer": "patches", **nothing, "sum": f"{found['patch_embed_macs'] / 1e9:.3f}"}]
    rows += [
        {"layer": i, "in": c["tokens_in"], "out": c["tokens_out"]}
        | {part: f"{c[part] / 1e9:.3f}" for part in parts}
        | {"sum": f"{c['macs'] / 1e9:.3f}"}
        for i, c in enumerate(found["layers"], start=1)
    ]
    rows += [{"layer": "tail", **nothing, "sum": f"{found['tail_macs'] / 1e9:.3f}"}]
    return "\n".join([*lines, _table(rows)])


def bench(found: Row) -> str:
    """Of `commands.bench`."""
    clip = f"{found['frames']} frames of {found['image_size']} x {found['image_size']}"
    lines = [
        f"{found['model']}, {clip}, batch {found['batch_size']}, {found['precision']}, {found['device']}; {found['turns']} turns",
        *[f"{found['method']} {_numbers(found['schedule'])}{_origin(found)}"] * any(found["schedule"]),
    ]
    table = _table(
        {
            "": row["name"],
            "GFLOPs": f"{row['gflops']:.1f}",
            "ms per batch": f"{row['ms']:.1f}",
            "clips/s": f"{row['clips_per_second']:.3g}",
            "peak MiB": "-" if row["peak_mib"] is None else f"{row['peak_mib']:.0f}",
            "speed-up": f"{row['speed_up']:.2f}",
            "GFLOPs ratio": f"{row['gflops_ratio']:.2f}",
            "speed-up / ratio": f"{100 * row['speed_up'] / row['gflops_ratio']:.0f} %",
        }
        for row in found["rows"]
    )
    return "\n".join([*lines, table, "medians; random weights; peak memory above weights and clips"])


def reranking(found: Row) -> str:
    """Of `commands.bench_reranking`."""
    pairs = f"{found['videos']} videos of {found['frames']} frames, {found['texts']} texts, the {found['k_test']} likeliest both ways"
    table = _table({"": row["name"], "pairs": row["pairs"], "ms": f"{row['ms']:.0f}"} for row in found["rows"])
    end = f"speed-up {found['speed_up']:.2f}; largest difference of a score {found['difference']:.1e}"
    return "\n".join([f"{found['model']}, {pairs}; {found['turns']} turns", table, end, "medians; random weights, videos and texts"])


def plan(found: Row) -> str:
    """Of `commands.dry_run`: what a study would do."""
    unit = UNITS[found["unit"]]
    asked = f"{found['name']}: {found['budget']:.4g} {unit}"
    rungs = ", ".join(f"{rung:.4g}" for rung in found["rungs"])
    methods = _table(
        {
            "method": row["method"],
            "slots": row["slots"],
            "least": f"{row['least']:.4g}",
            "unreduced": f"{row['base']:.4g}",
            "schedules": row["space"],
            "known shapes": ",".join(row["shapes"]) or "-",
        }
        for row in found["methods"]
    )
    jobs = _table(
        {"": j["what"], "split": j["split"], "evaluations": j["evaluations"], "passes": f"{j['passes']:.4g}"} for j in found["jobs"]
    )
    reading = f"least, unreduced: {unit}; schedules, known shapes: those that reach the budget"
    total = f"{found['evaluations']} evaluations, {found['passes']:.4g} passes over a split at most"
    parts = [f"{asked}; rungs {rungs} {unit}", *[found["profile"]] * bool(found["profile"]), f"{methods}\n{reading}", jobs]
    return "\n\n".join([*parts, f"{total}\n{fill(f'expected time: {_time(found)}', 80)}"])


def _time(found: Row) -> str:
    """What it is computed from, too: a machine that is busy now is slow now."""
    if found["seconds"] is None:
        return "unknown until the model is loaded"
    return (
        f"at most {_duration(found['seconds'])} with one worker, if no schedule is stopped early and "
        f"the machine stays as fast as just now ({1000 * found['seconds_per_video']:.3g} ms per video, unreduced)"
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def listing(what: str, rows: Sequence[Row]) -> str:
    """Of `listing.list_`."""
    if what == "methods":
        return "\n\n".join(map(_method, rows))
    if what == "schedules":
        legend = "mean_r1: mean of text-to-video and video-to-text R@1. --json: whole schedules, all accuracies with their sources, notes."
        return f"{_table(map(_schedule_cells, rows))}\n\n{legend}"
    return _table({name: _cell(value) for name, value in row.items()} for row in rows)


def _method(row: dict[str, Any]) -> str:
    """A paragraph: sentences do not fit into the columns of a table."""
    lines = [f"{row['method']}: {row['what']}", f"{row['removes']}, {row['acts']}; {row['source']}"]
    lines += [f"ours: {row['ours']}"] if row["ours"] else []
    lines += [f"not on {family}: {reason}" for family, reason in row["refused"].items()]
    lines += [f"{name}={'|'.join(o['choices']) or 'N'} ({o['default']}): {o['meaning']}" for name, o in row["options"].items()]
    return "\n    ".join(lines)


def _schedule_cells(row: dict[str, Any]) -> dict[str, str]:
    """One line within 160 columns; `--json` says more."""
    counted, decimals = row["counted_gflops"], len(row["printed"].partition(".")[2])
    metric, value = row["leading"] or ("", "-")
    return {
        "method": row["method"],
        "model": row["model"],
        "benchmark": f"{row['benchmark']} {row['variant']}".strip(),
        "schedule": _runs(row["schedule"]),
        "printed": row["printed"],
        "counted": "-" if counted is None else f"{counted:.{max(decimals, 1)}f}",
        "status": row["status"],
        "accuracy": f"{value} {metric}".strip(),
        "cost printed in": row["source"],
    }


def _runs(schedule: Sequence[int]) -> str:
    """`100 x 12` instead of twelve times 100; all of it where it is short, its beginning otherwise."""
    if len(schedule) <= 4:
        return _numbers(schedule)
    runs = [(r, len(list(group))) for r, group in groupby(schedule)]
    shown = [str(r) if count == 1 else f"{r} x {count}" for r, count in runs]
    return ",".join(shown[:2]) + ",..." * (len(shown) > 2)


def _table(rows: Iterable[Row]) -> str:
    lines = list(rows)
    heads = list(lines[0])
    cells = [heads, *([str(row[h]) for h in heads] for row in lines)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}" if value >= 10 else f"{value:.3f}"
    return _numbers(value) if isinstance(value, list) else str(value)


def _numbers(values: Sequence[object]) -> str:
    return ",".join(map(str, values)) or "-"
