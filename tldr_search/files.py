"""Files that are there whole or not at all, and folders that do not outlive a failure."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Whoever reads `path` meanwhile, or after a failure, finds the old file, or the new one. Text is UTF-8 with its own line ends."""
    write_all({path: content})


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """The same for several files: none takes its place before all are on the disk; then they do one by one, in this order."""
    own = secrets.token_hex(4)  # another process may write the same files at the same time
    partial = {path: path.with_name(f"{path.name}.{own}.partial") for path in contents}
    try:
        for path, content in contents.items():
            with named(path):
                partial[path].write_bytes(content.encode() if isinstance(content, str) else content)
        for path in contents:
            with named(path):
                partial[path].replace(path)
    finally:
        for left in partial.values():
            left.unlink(missing_ok=True)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """What the system refuses inside is told of `path`: errors of `write` name no file, others one that the user never heard of."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def no_empty(directory: Path) -> Iterator[None]:
    """If the work inside fails, `directory` and those above it that were made meanwhile go again, as far as nothing is in them."""
    new = [path for path in (directory, *directory.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        for path in new:
            try:
                path.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                break  # the work, or somebody else, has left something there
        raise
