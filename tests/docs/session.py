"""What a reader does who follows a page: command after command, in one directory, most of them in this process."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from pages import ROOT, Block, words_of
from stand_ins import make_data, make_demo, narrow

from tldr_search.__main__ import main
from tldr_search.backbones.architectures import ARCHITECTURES
from tldr_search.data.benchmarks import demo
from tldr_search.report.drawings import files

SHORT = ("--trials", "1", "--rung-trials", "1", "--no-probes", "--no-known-shapes", "--ladder", "60%", "--shown-clips", "1")
"""Appended to every study that runs: whole in its kind, but short."""
INSTEAD = {
    "--devices 8": "--devices 1",
    "--workers 2": "--workers 1",
    "--precision bf16 --batch-size 8": "--precision bf16 --batch-size 2",
    "-m tldr_search bench": "-m tldr_search bench --turns 1",
    "--speed": "--speed --turns 1",
    "visualize --method": "visualize --clips 1 --method",
    "--budget 178gflops": "--budget 58.7%",  # of a stand-in for UMT-B with few channels
    "compare.py --jobs 2": "compare.py --jobs 1 --seeds 1 --methods tome --searchers 'published shapes'",
}
"""What would take a GPU or minutes -> the same command on less."""


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class Reader:
    """Runs commands and Python; paths that pages write as /data, /shared and one.mp4 lie in its place."""

    def __init__(self, place: Path, patch: pytest.MonkeyPatch) -> None:
        self.place, self.patch, self.done = place, patch, dict[str, Done]()
        patch.chdir(place)
        for name in ("png_bytes", "pdf_bytes"):  # take as long as all else, and are tested in tests/report
            patch.setattr(files, name, lambda figure: b"")
        patch.setattr(demo, "ROOT", make_demo(place / "demo"))
        for name in ("configs", "studies"):
            (place / name).symlink_to(ROOT / name)
        (place / "one.mp4").symlink_to(demo.ROOT / "report" / "000.mp4")
        (place / "shared").mkdir()
        with _few_channels():
            make_data(place / "data")
        torch.set_num_threads(1)

    def here(self, text: str) -> str:
        """With its own paths."""
        for path in ("/data", "/shared"):
            for before in (" ", "=", '"', "journal:"):
                text = text.replace(f"{before}{path}", f"{before}{self.place}{path}")
        return text

    def run(self, command: str) -> Done:
        """One command of a shell block; what was done before on another page is done."""
        if command not in self.done or self.done[command].status != 0:
            self.done[command] = self._run(command)
        return self.done[command]

    def _run(self, command: str) -> Done:
        for told, shorter in INSTEAD.items():
            command = command.replace(told, shorter)
        command = self.here(command)
        if command.startswith("export "):
            name, value = command.removeprefix("export ").split("=")
            self.patch.setenv(name, value)
            return Done(0, "", "")
        words = words_of(command)
        if words is None:
            found = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, timeout=600, check=False)
            return Done(found.returncode, found.stdout, found.stderr)
        if words[0] == "study" and "--dry-run" not in words:
            words += SHORT
        return self._main(words)

    def _main(self, words: list[str]) -> Done:
        out, err = io.StringIO(), io.StringIO()
        self.patch.setattr(sys, "argv", ["tldr_search", *words])
        ended = signal.getsignal(signal.SIGTERM)
        try:
            with _channels(" ".join(("", *words))), redirect_stdout(out), redirect_stderr(err):
                status = main(words)
        except SystemExit:
            return Done(2, out.getvalue(), err.getvalue())
        except Exception:
            return Done(1, out.getvalue(), f"{err.getvalue()}\n{traceback.format_exc()}")
        finally:
            signal.signal(signal.SIGTERM, ended)
        return Done(status, out.getvalue(), err.getvalue())

    def execute(self, block: Block, names: dict[str, Any]) -> None:
        """A Python block, with the names of those before it on the page."""
        text = self.here(block.text)
        with _channels(text), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            exec(compile("\n" * (block.line - 1) + text, block.page, "exec"), names)


def _channels(text: str) -> AbstractContextManager[None]:
    """Few where weights are read that are stand-ins, and where models are timed; elsewhere they are the real ones, as costs are."""
    return _few_channels() if any(word in text for word in ("configs/", "checkpoint", " bench ")) else nullcontext()


@contextmanager
def _few_channels() -> Iterator[None]:
    real = {name: ARCHITECTURES[name] for name in narrow()}
    ARCHITECTURES.update(narrow())
    try:
        yield
    finally:
        ARCHITECTURES.update(real)
