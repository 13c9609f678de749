"""Every command and every Python block of README.md, CONTRIBUTING.md and docs/ is run, on few clips and few channels.

What cannot run here is in `NOT_RUN`, word by word, with the reason; it is parsed at least. A command that is in neither fails.
"""

from __future__ import annotations

import subprocess
import traceback
from typing import Any

import pytest
from pages import PAGES, Block, blocks, commands, words_of
from session import Reader

from tldr_search.__main__ import parser

INSTALLS = "installs packages; .ci/run does it in a fresh environment"
SERVICE = "needs a cluster, a database or several GPUs"
MACHINE = "what 25 ms reach depends on the machine; tests/test_latency.py measures"
NOT_RUN = {
    "pip install -c constraints.txt . && python -m tldr_search study --budget 180gflops": INSTALLS,
    "pip install -c constraints.txt -e '.[test]' && pytest": INSTALLS,
    "pip install optuna-dashboard && optuna-dashboard postgresql+psycopg://user@host/name": INSTALLS,
    "python -m tldr_search study studies/msvd/latency.yaml --budget 25ms --dry-run": MACHINE,
    "ruff check . && mypy && lint-imports": "tests/test_tree.py runs them",
    "torchrun --nproc-per-node 8 -m tldr_search evaluate configs/umt_b_msrvtt.yaml": SERVICE,
    "srun python -m tldr_search evaluate configs/umt_b_msrvtt.yaml": SERVICE,
    "sbatch --array=0-7 studies/cluster/slurm.sh studies/demo_front.yaml --budget 180gflops": SERVICE,
    "kubectl create secret generic tldr-postgres --from-literal=password=$(openssl rand -hex 16)": SERVICE,
    "kubectl apply -f studies/cluster/kubernetes.yaml": SERVICE,
    "kubectl logs -f job/tldr-search": SERVICE,
}
"""Command -> why it is not run."""
NOT_EXECUTED = {"run_grpc_proxy_server": "serves for ever, before a database; tests/study/test_postgres.py runs one"}
"""What is called in a Python block -> why the block is only compiled."""
ANSWERS = ("flops", "list")
"""Commands that say the same every time: a text block below them is what they print."""
LANGUAGES = {"sh", "python", "text"}


@pytest.mark.parametrize("page", PAGES)
def test_a_reader_can_follow_the_page(page: str, reader: Reader) -> None:
    printed, failed = "", []
    names: dict[str, Any] = {"__name__": page}
    for block in blocks(page):
        assert block.language in LANGUAGES, block.place
        if block.language == "sh":
            printed = _follow(block, reader, failed)
        elif block.language == "python":
            failed += _execute(block, reader, names)
        elif printed:
            failed += [f"{block.place}: not printed, or not in this order: {line}" for line in _unlike(block.text, printed)]
            printed = ""
    assert not failed, "\n\n".join(failed)


def _follow(block: Block, reader: Reader, failed: list[str]) -> str:
    """What the last command printed, if it says the same every time."""
    printed = ""
    for command in commands(block):
        if command in NOT_RUN:
            _parse(command)
            continue
        done = reader.run(command)
        if done.status != 0:
            failed.append(f"{block.place}: {command}\n{done.err[-2000:]}")
        words = words_of(command)
        printed = done.out if words and words[0] in ANSWERS else ""
    return printed


def _execute(block: Block, reader: Reader, names: dict[str, Any]) -> list[str]:
    """What went wrong."""
    compile(block.text, block.page, "exec")
    if any(name in block.text for name in NOT_EXECUTED):
        return []
    try:
        reader.execute(block, names)
    except Exception:
        return [f"{block.place}: {traceback.format_exc()[-2000:]}"]
    return []


def _parse(command: str) -> None:
    """By the shell; and what comes after `tldr_search` by our own parser."""
    subprocess.run(["bash", "-nc", command], check=True)
    _, found, ours = command.partition("-m tldr_search ")
    if found:
        parser(ours.split()).parse_args(ours.split())


def _unlike(text: str, printed: str) -> list[str]:
    """Lines of the page that were not printed, or not in this order; `...` stands for any number of lines."""
    left = iter(printed.splitlines())
    wanted = [line.rstrip() for line in text.splitlines() if line != "..."]
    return [line for line in wanted if not any(line == other.rstrip() for other in left)]


def test_what_is_not_run_is_in_the_pages() -> None:
    """So that the list cannot outlive the commands."""
    written = {command for page in PAGES for block in blocks(page) if block.language == "sh" for command in commands(block)}
    assert written >= NOT_RUN.keys()
    python = "".join(block.text for page in PAGES for block in blocks(page) if block.language == "python")
    assert all(name in python for name in NOT_EXECUTED)
