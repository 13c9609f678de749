"""What results were made with, setting by setting: a short name for it, and what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def stamp(made_with: Mapping[str, object]) -> str:
    """A short name of `made_with`, which is anything that can be told as JSON."""
    return hashlib.sha256(json.dumps(made_with, sort_keys=True).encode()).hexdigest()[:12]


def changes(then: Mapping[str, object], now: Mapping[str, object]) -> str:
    """The settings that differ, in words; empty if none does. A setting that is not there is None."""
    differing = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return "; ".join(f"{name}: {then.get(name)!r} then, {now.get(name)!r} now" for name in differing)
