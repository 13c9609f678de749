"""Hugging Face's hub."""

from __future__ import annotations

import textwrap
from pathlib import Path

from tldr_search.backbones.checkpoints.reading import LONGEST, quoted

SAFE = ["config.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors"]
PICKLED = ["config.json", "pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin"]


def download(repository: str) -> Path:
    """Directory with the weights of `owner/name` and their config.json, nothing else; pickled weights only where there are no others.

    `ValueError` if there is no such repository, or the hub cannot be reached and nothing of it was downloaded before.
    """
    import huggingface_hub

    try:
        folder = Path(huggingface_hub.snapshot_download(repository, allow_patterns=SAFE))
        if not any((folder / name).is_file() for name in SAFE[1:3]):
            folder = Path(huggingface_hub.snapshot_download(repository, allow_patterns=PICKLED))
    except Exception as error:  # also those of the HTTP library below it, which is another one from version to version
        reason = textwrap.shorten(f"{type(error).__name__}: {error}", LONGEST, placeholder=" ...")
        raise ValueError(
            f"checkpoint {quoted(repository)}: no such file, and the hub does not give it: {reason}; "
            "a file or a directory would be accepted"
        ) from error
    return folder
