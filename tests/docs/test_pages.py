"""What pages point to is there: files, headings, options, commands; and the README has exactly two set-up commands."""

from __future__ import annotations

import argparse
import re
from itertools import pairwise

import pytest
import yaml
from pages import PAGES, ROOT, blocks, commands, prose, words_of

from tldr_search.__main__ import COMMANDS, parser

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OF_OTHERS = {"--nproc-per-node", "--array", "--ntasks", "--from-literal", "--jobs"}
"""Options of torchrun, sbatch, srun, kubectl and our scripts."""


def subparsers() -> dict[str, argparse.ArgumentParser]:
    """Each with its options, which a parser has of the one command that it is made for."""
    return {name: _choices([name])[name] for name in COMMANDS}


def _choices(arguments: list[str]) -> dict[str, argparse.ArgumentParser]:
    (found,) = (action for action in parser(arguments)._actions if isinstance(action, argparse._SubParsersAction))
    return dict(found.choices)


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = [link for link in LINK.findall(prose(page)) if "://" not in link]
    assert links or page == "CONTRIBUTING.md"
    for link in links:
        path, _, anchor = link.partition("#")
        target = (PAGES[page].parent / path).resolve() if path else PAGES[page]
        assert target.exists(), f"{page}: {link}"
        assert target.is_relative_to(ROOT), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text()), f"{page}: {link}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = {link.partition("#")[0] for link in LINK.findall(prose("README.md"))}
    assert {page for page in PAGES if page.startswith("docs/")} <= linked


@pytest.mark.parametrize("page", PAGES)
def test_options_in_the_text_exist(page: str) -> None:
    known = {option for each in subparsers().values() for action in each._actions for option in action.option_strings}
    named = set(OPTION.findall(prose(page))) - OF_OTHERS
    assert named <= known, f"{page}: {sorted(named - known)}"


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_blocks_can_be_parsed(page: str) -> None:
    for block in blocks(page):
        for command in commands(block) if block.language == "sh" else ():
            if words := words_of(command):
                parser(words).parse_args(words)


def test_the_readme_shows_every_command() -> None:
    table = re.findall(r"^\| `(\w+)[ `]", prose("README.md"), re.MULTILINE)
    assert {*table} - {"python"} == {*COMMANDS} == {*_choices([])}


def test_the_readme_is_a_front_door() -> None:
    text = PAGES["README.md"].read_text()
    installing = [
        command for block in blocks("README.md") if block.language == "sh" for command in commands(block) if "pip install" in command
    ]
    assert len(installing) == 2
    assert len(text.splitlines()) <= 120
    assert "(studies/demo_pareto.png)" in text


def test_the_cluster_recipes_are_commands_that_exist() -> None:
    job = next(part for part in yaml.safe_load_all((ROOT / "studies/cluster/kubernetes.yaml").read_text()) if part["kind"] == "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", "tldr_search", "study"]
    parser(["study"]).parse_args(["study", *container["args"]])
    script = (ROOT / "studies/cluster/slurm.sh").read_text()
    (line,) = re.findall(r"^srun python -m tldr_search (.+)$", script, re.MULTILINE)
    parser(["study"]).parse_args(line.replace('"$@"', "studies/demo_front.yaml --budget 180gflops").split())


@pytest.mark.parametrize("page", PAGES)
def test_headings_go_down_one_by_one(page: str) -> None:
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
