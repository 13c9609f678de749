"""Configs of published rows: each is parsed, and what its first lines say is what is published and counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tldr_search.config import EvaluateConfig, load
from tldr_search.cost import CostModel
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.published import PUBLISHED, RESULTS, Published, Status
from tldr_search.schedule import Schedule, parse_schedule

PATHS = sorted(path for path in (Path(__file__).parent.parent / "configs").glob("*.yaml") if not path.stem.startswith("umt_mini"))
LABELS = ("GFLOPs", "Reduced", "Unreduced", "Schedule", "Weights")
METHODS = {"vid-TLDR": "vid-tldr", "STA": "sta"}
"""As papers call theirs, and as we do."""
PRETRAINED = {"5m": "5M", "17m": "17M", "25m": ""}
"""End of the names of UMT's pretrained checkpoints -> `Published.variant`."""
WORDS = {Status.REPRODUCED: "it costs what is printed", Status.INFERRED: "inferred", Status.NOT_REPRODUCED: "not reproduced"}
UMT_DATA = {"activitynet": "anet", "ssv2_template": "ssv2_tpl"}
"""Where UMT's checkpoints call a benchmark otherwise."""
ZOOS = {
    **{"videomae_s_k400": 79.0, "videomae_b_k400": 81.5, "videomae_l_k400": 85.2, "videomae_h_k400": 86.6},
    **{"videomae_s_ssv2": 66.8, "videomae_b_ssv2": 70.8, "videomae_b_ssv2_sta": 70.8, "videomae_b_ucf101": 91.3},
    **{"swin_t_k400": 78.8, "swin_s_k400": 80.6, "swin_b_k400": 82.7, "swin_b_w16_ssv2": 69.6},
}
"""Top-1 of the unreduced models, as the model zoos of VideoMAE and Video Swin give it."""

Cell = tuple[str, str, str, str]
"""Model, benchmark as in `Published`, variant, method."""


class Read(NamedTuple):
    """A config and its comments."""

    config: EvaluateConfig
    source: str
    method: str
    schedule: Schedule
    """As the first line says."""
    labels: dict[str, str]
    """Label -> what the comment says."""
    others: list[tuple[str, ...]]
    """Other schedules: r, printed, counted, top-1 or nothing."""

    @property
    def cell(self) -> Cell:
        config = self.config
        if config.evaluated.family == "umt" and config.frames == 4:
            return config.model, f"{config.benchmark}-zero-shot", PRETRAINED[Path(config.checkpoint).stem.split("_")[1]], config.method
        return config.model, config.benchmark, "", config.method

    @property
    def row(self) -> Published:
        """What it reproduces."""
        (row,) = [row for row in PUBLISHED if (row.source, cell_of(row), row.schedule) == (self.source, self.cell, self.config.r)]
        return row

    @property
    def base(self) -> Published:
        """The unreduced model in the same paper."""
        (row,) = [row for row in PUBLISHED if cell_of(row) == (*self.cell[:3], "none") and paper(row) == paper(self.row)]
        return row


def cell_of(row: Published) -> Cell:
    return row.model, row.benchmark, row.variant, row.method


def paper(row: Published) -> str:
    return row.source.split(" ")[0]


def read(path: Path) -> Read:
    text = path.read_text()
    first = re.match(r"# (.+?): .+, (\S+) at ([\d,]+)\.\n", text)
    head = " ".join(re.match(r"(#.*\n)+", text)[0].replace("#", "").split())
    parts = re.split(rf"({'|'.join(LABELS)}): ", head)[1:]
    others = re.findall(r'^# schedule: "([\d,]+)" +# ([\d.]+) printed, ([\d.]+) counted(?:, top1 ([\d.]+))?', text, re.MULTILINE)
    labels = dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
    return Read(load(EvaluateConfig, path), first[1], METHODS[first[2]], parse_schedule(first[3]), labels, others)


def rates(text: str) -> dict[str, dict[str, float]]:
    """Source -> metric -> per cent, as a comment says."""
    found = re.findall(r"((?:\w+ \d+\.\d(?:, )?)+) \(([^)]+)\)", text)
    return {source: {name: float(value) for name, value in re.findall(r"(\w+) (\d+\.\d)", values)} for values, source in found}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty checkpoints, vocabularies and annotations, by the names that their authors gave them."""
    root = tmp_path_factory.mktemp("root")
    names = re.findall(r"^(?:checkpoint|base): (\S+)", "".join(path.read_text() for path in PATHS), re.MULTILINE)
    assert not any("/" in name for name in names)
    files = [f"checkpoints/{name}" for name in (*names, "vocab.txt", "bpe_simple_vocab_16e6.txt.gz")]
    for file in (*files, *(f"annotations/{name}" for row in BENCHMARKS.values() for name in row.splits.values())):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch() if Path(file).suffix else (root / file).mkdir(exist_ok=True)
    return root


@pytest.fixture(autouse=True)
def _at_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLDR_SEARCH_DATA", str(root))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_config_says_what_is_published_and_counted(path: Path) -> None:
    found = read(path)
    config, row, base = found.config, found.row, found.base
    assert max(map(len, path.read_text().splitlines())) <= 140
    assert tuple(found.labels) == LABELS
    assert (found.method, found.schedule) == (config.method, config.r)
    assert config.counted.frames == row.frames
    gflops = CostModel(config.counted, config.method)(config.r).gflops
    assert found.labels["GFLOPs"] == f"{row.printed} printed, {gflops:.1f} counted; unreduced {base.printed} printed."
    assert row.agrees(gflops) == (row.status is not Status.NOT_REPRODUCED)
    assert [status for status, words in WORDS.items() if words in found.labels["Schedule"]] == [row.status]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_accuracies_are_those_of_the_cell(path: Path) -> None:
    found = read(path)
    for label, row in (("Reduced", found.row), ("Unreduced", found.base)):
        text, results = found.labels[label], {result.source: result.metrics for result in RESULTS if result.belongs_to(row)}
        claimed = rates(text)
        assert claimed.keys() == results.keys()
        assert all(metrics and metrics.items() <= results[source].items() for source, metrics in claimed.items())
        table = re.search("[A-F2-6]$", row.source)[0]
        assert text.startswith(f"accuracy not in our tables, see the paper's Table {table}.") == (not results)
    zoo = re.search(r"top1 (\d+\.\d) there", found.labels["Weights"])
    assert (float(zoo[1]) if zoo else None) == ZOOS.get(path.stem)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_other_schedules_of_the_cell_are_told(path: Path) -> None:
    found = read(path)
    cell = [row for row in PUBLISHED if cell_of(row) == found.cell and paper(row) == paper(found.row) and row is not found.row]
    assert {(parse_schedule(r), printed) for r, printed, *_ in found.others} == {(row.schedule, row.printed) for row in cell}
    count = CostModel(found.config.counted, found.config.method)
    for row in cell:
        (other,) = [other for other in found.others if parse_schedule(other[0]) == row.schedule]
        top1 = {str(result.metrics["top1"]) for result in RESULTS if result.belongs_to(row) and "top1" in result.metrics}
        assert other[2] == f"{count(row.schedule).gflops:.1f}"
        assert other[3] in (top1 or {""})


@pytest.mark.parametrize("path", [path for path in PATHS if path.stem.startswith("umt")], ids=lambda path: path.stem)
def test_umt_checkpoints_have_their_published_names(path: Path) -> None:
    size, *rest = path.stem.removeprefix("umt_").split("_")
    if rest[-2:] == ["zero", "shot"]:
        assert f"checkpoint: {size}16_{rest[0]}.pth\n" in path.read_text()
    else:
        name = "_".join(rest)
        kind, data = ("qa", name.removesuffix("_qa")) if name.endswith("_qa") else ("ret", UMT_DATA.get(name, name))
        assert f"checkpoint: {kind}_{data}_{size}16_25m.pth\n" in path.read_text()


def test_every_published_cell_has_a_config() -> None:
    cells = {read(path).cell for path in PATHS}
    assert len(cells) == len(PATHS)
    # Spatiotemporal MAE is left out: its class token is nothing that a config can ask for.
    rows = [row for row in PUBLISHED if not row.overrides]
    assert {cell_of(row) for row in rows if row.method in METHODS.values()} == cells
    assert {cell_of(row)[:3] for row in rows} == {cell[:3] for cell in cells}
