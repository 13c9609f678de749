"""One place that turns whatever goes wrong while a file is read into one line for the user."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 300
"""Characters of a foreign reason that are shown, and of a name that the user gave."""


class RefusedError(Exception):
    """The file asks for something that is not needed to read tensors; the message names it."""


class DamagedError(Exception):
    """What is wrong with the file, in words for the user."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """`ValueError` for a file that is missing, would run code, or cannot be read, whatever its reader raises.

    A damaged or crafted file can raise nearly anything (zlib.error, RecursionError, UnicodeDecodeError, ...), so that no list of
    exceptions would do. Nothing but the reading belongs inside.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise ValueError(f"checkpoint {quoted(path)}: no such file") from error
    except RefusedError as error:
        raise ValueError(
            f"checkpoint {quoted(path)} holds more than tensors ({one_line(str(error))}) and is not loaded, because that could run code; "
            "a file with the weights alone (torch.save of a state dict, or .safetensors) would be accepted"
        ) from error
    except Exception as error:
        raise ValueError(
            f"checkpoint {quoted(path)} is no readable checkpoint: {reason(error)}; what torch.save or safetensors wrote would be accepted"
        ) from error


def reason(error: Exception) -> str:
    """Its type and its first line, not too long; the rest is where in the reader it happened, or advice on it."""
    if isinstance(error, DamagedError):
        return str(error)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    first, *_ = *str(error).strip().splitlines(), ""
    return textwrap.shorten(f"{kind}: {first}", LONGEST, placeholder=" ...").removesuffix(":")


def quoted(source: Path | str) -> str:
    """As the user gave it, unless that is absurdly long."""
    text = str(source)
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


def one_line(text: str) -> str:
    """Names in files can hold newlines."""
    return " ".join(text.split())
