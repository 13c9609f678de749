"""Files that are there whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Whoever reads `path` meanwhile, or after a failure, finds the old file, or the new one. Text is UTF-8 with its own line ends."""
    write_all({path: content})


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """The same for several files: none takes its place before all are on the disk; then they do one by one, in this order."""
    partial = {path: path.with_name(f"{path.name}.partial") for path in contents}
    try:
        for path, content in contents.items():
            partial[path].write_bytes(content.encode() if isinstance(content, str) else content)
        for path in contents:
            partial[path].replace(path)
    finally:
        for left in partial.values():
            left.unlink(missing_ok=True)
