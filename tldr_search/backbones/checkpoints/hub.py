"""Hugging Face's hub."""

from __future__ import annotations

from pathlib import Path

SAFE = ["config.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors"]
PICKLED = ["config.json", "pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin"]


def download(repository: str) -> Path:
    """Directory with the weights of `owner/name` and their config.json, nothing else; pickled weights only where there are no others.

    `ValueError` if there is no such repository, or the hub cannot be reached and nothing of it was downloaded before.
    """
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(huggingface_hub.snapshot_download(repository, allow_patterns=SAFE))
        if not any(folder.glob("*.safetensors")):
            folder = Path(huggingface_hub.snapshot_download(repository, allow_patterns=PICKLED))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"checkpoint {repository!r}: no such file, and the hub does not give it: {reason}; a file or a directory would be accepted"
        ) from error
    return folder
