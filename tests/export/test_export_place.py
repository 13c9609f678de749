"""Where an encoder goes: through a link, on a full disk; and what is refused is refused before anything is said."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
import torch

from tldr_search.__main__ import main
from tldr_search.export import agreement, export
from tldr_search.export.agreement import compare
from tldr_search.export.traced import Named
from tldr_search.reduced import Reduced, load_backbone


@pytest.fixture(scope="module")
def model() -> Reduced:
    return load_backbone("umt-b", "random", "tome", (5, 3), dim=24, depth=3, heads=3, frames=4, image_size=48)


def test_a_link_stays_and_what_it_names_is_written(tmp_path: Path, model: Reduced) -> None:
    for name in ("data", "links"):
        (tmp_path / name).mkdir()
    link, file = tmp_path / "links" / "m.pt2", tmp_path / "data" / "of another name"
    link.symlink_to(file)
    found = export(model, link, check=False)
    assert found.paths == (link,)
    assert link.is_symlink()
    assert found.num_bytes == file.stat().st_size > 0
    video = torch.zeros(1, 3, 4, 48, 48)
    assert torch.export.load(file).module()(video)["pooled"].shape == (1, 24)
    assert [p.name for p in sorted(tmp_path.rglob("*")) if not p.is_dir()] == ["of another name", "m.pt2"]


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path, model: Reduced) -> None:
    (tmp_path / "m.pt2").write_text("before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**15, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as raised:
            export(model, tmp_path / "m.pt2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert raised.value.filename == str(tmp_path / "m.pt2")
    assert [p.name for p in tmp_path.iterdir()] == ["m.pt2"]
    assert (tmp_path / "m.pt2").read_text() == "before"


@pytest.mark.parametrize(
    "words",
    ["--method tme --schedule 5", "--method tome --schedule 999999", "--method tome --schedule 5 --checkpoint nothing.pt", "--schedule 5"],
)
def test_what_is_refused_is_refused_before_anything_is_said(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--model", "umt-mini", "--out", str(tmp_path / "a" / "m.pt2"), *words.split()]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tldr_search export: ")
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size, allowed", [(0.5, 1e-4), (1.0, 1e-4), (10.0, 1e-3)])
def test_differences_are_relative_to_the_largest_value_or_to_1(size: float, allowed: float, model: Reduced) -> None:
    """|written - eager| <= 1e-4 max(1, max |eager|)."""
    eager = torch.tensor([[size, -size / 2, 0]])

    class Constant(Named):
        def forward(self, video: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"pooled": eager}

    off = torch.tensor([[0, 0, 0.9 * allowed]])
    found = compare(Constant(model), lambda video: {"pooled": eager + off}, torch.Size([1, 3, 4, 48, 48]))
    assert found.difference == pytest.approx(0.9 * agreement.TOLERANCE, rel=1e-3)
    with pytest.raises(Exception, match="differs by"):
        compare(Constant(model), lambda video: {"pooled": eager + 1.3 * off}, torch.Size([1, 3, 4, 48, 48]))
