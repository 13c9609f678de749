"""Tables, plots and the page of a study, made from its `Result` alone. Never imports torch, and matplotlib only when it draws."""

from __future__ import annotations

from pathlib import Path

from tldr_search.report.screen import screen_table
from tldr_search.study.result import Result

__all__ = ["screen_table", "write_report"]


def write_report(result: Result, directory: Path) -> tuple[Path, ...]:
    """Writes every file of the report into `directory` and returns their paths, the page first."""
    from tldr_search.report import best, counted, html, picture, plots, rows, tables

    directory.mkdir(parents=True, exist_ok=True)
    table = rows.rows(result)
    front, heat = (
        picture.pareto(result, table),
        picture.heat(result, table, counted.removed(result), counted.cost_model(result, "none").geometry.num_tokens),
    )
    names = ("report.html", "pareto.png", "pareto.svg", "schedules.png", "front.csv", "front.json", "best.yaml")
    page, png, svg, schedules, csv, json, yaml = paths = tuple(directory / name for name in names)
    page.write_text(html.page(result, table, front, heat), encoding="utf-8")
    drawing = plots.pareto_figure(front)
    plots.write_png(drawing, png)
    plots.write_svg(drawing, svg)
    plots.write_png(plots.heat_figure(heat), schedules)
    tables.write_csv(table, csv)
    tables.write_json(result, table, json)
    best.write_best(result, table, yaml)
    return paths
