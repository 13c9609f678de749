"""Where results go if the settings do not say it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from pathlib import Path

from tldr_search.config.settings import HOW, Settings


def named(settings: Settings, *parts: str) -> Path:
    """A directory in runs: named after `parts`, with a digest of the settings that decide what is found."""
    deciding = {name: value for name, value in asdict(settings).items() if name not in HOW}
    digest = hashlib.sha256(repr(deciding).encode()).hexdigest()[:6]
    return Path("runs") / re.sub(r"[^\w.=-]+", "-", "-".join([*parts, digest]))
