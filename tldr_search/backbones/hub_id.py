"""What is a hub id and what a file that is missing. Never imports torch."""

from __future__ import annotations

import re
from pathlib import Path

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FILE_ENDINGS = (".pth", ".pt", ".pyth", ".bin", ".ckpt", ".pkl", ".tar", ".safetensors")


def is_hub_id(source: str) -> bool:
    """Whether `source`, where no such file or directory exists, names a repository on Hugging Face's hub ("owner/name")."""
    return _HUB_ID.fullmatch(source) is not None and Path(source).suffix not in _FILE_ENDINGS
