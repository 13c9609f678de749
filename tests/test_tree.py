"""The repository as a whole: one test and one install command, configs that parse, clean tools, floors."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tldr_search.config import load_any

ROOT = Path(__file__).parents[1]


EMBEDDED = sorted([*ROOT.glob("configs/umt_mini_*.yaml"), *ROOT.glob("studies/*.yaml")])


@pytest.mark.parametrize("path", EMBEDDED, ids=lambda p: p.stem)
def test_what_needs_no_files_parses_and_says_what_it_is(path: Path) -> None:
    load_any(path)
    assert path.read_text().startswith("# ")


def test_the_readme_has_two_set_up_commands_and_ci_runs_the_second() -> None:
    commands = re.findall(r"^(pip install .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("python -m tldr_search study --budget 180gflops")
    assert commands[1].replace("pip install", "pip install --quiet") in (ROOT / ".ci" / "run").read_text()


def test_every_version_is_pinned() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]
    named = {re.split(r"[^\w.-]", text, maxsplit=1)[0].lower().replace("_", "-") for text in needed}
    assert {"torch", "pytest", "av"} <= named
    assert named <= pinned


@pytest.mark.parametrize("tool", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=" ".join)
def test_tools_are_content(tool: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_go_down_the_floors() -> None:
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
