"""What the fields of a config say about themselves: their types and their docstrings."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from tldr_search.names import brief
from tldr_search.schedule import LARGEST

LONGEST = 4096
"""Bytes of a text: no path is longer."""


def is_number(kind: type, field: str) -> bool:
    """Whether a field is a whole number."""
    hint = get_type_hints(kind)[field]
    return hint is int or int in get_args(hint)


def is_real(kind: type, field: str) -> bool:
    """Whether a field is a number that need not be whole."""
    return get_type_hints(kind)[field] is float


def is_switch(kind: type, field: str) -> bool:
    """Whether a field is on or off."""
    return get_type_hints(kind)[field] is bool


def help_texts(kind: type) -> dict[str, str]:
    """Field -> the docstring under it, in the order of the fields."""
    texts = {}
    for part in filter(is_dataclass, reversed(kind.__mro__)):
        (tree,) = ast.parse(inspect.getsource(part)).body
        assert isinstance(tree, ast.ClassDef)
        for field, text in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                texts[ast.unparse(field.target)] = str(text.value.value)
    return texts


def default_text(value: object) -> str:
    """A default as the command line says it; nothing for None and empty ones, whose docstrings say what happens."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def plain(value: object, hint: Any) -> object:
    """A value as YAML or the command line gives it, as its field holds it: comma-separated text is accepted for a list."""
    if get_origin(hint) is tuple:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return tuple(value) if isinstance(value, list) else value
    return value


def of_type(field: str, value: object, hint: Any) -> Iterator[str]:
    """The mistake if a value is not what the field's type hint says, or nothing that such a field can hold."""
    if not _is(value, hint):
        yield f"{field}: {brief(value)} is {type(value).__name__}; {_words(hint)} would be accepted"
    elif isinstance(value, int | float) and abs(value) > LARGEST:
        yield f"{field}: {brief(value)}; {_words(hint)} up to {LARGEST} would be accepted"
    elif isinstance(value, tuple | str):
        texts = value if isinstance(value, tuple) else (value,)
        if NoneType in get_args(hint) or isinstance(value, tuple):
            yield from (f"{field}: {text!r} is empty; a text, or leaving it out, would be accepted" for text in texts if not text.strip())
        yield from (f"{field}: {brief(text)} {why} would be accepted" for text in texts if (why := unusable(text)))


def unusable(text: str) -> str:
    """What is wrong with a text that no path or name can be, and what else; empty if it can."""
    if "\0" in text:
        return "holds a NUL character; text without one"
    try:
        size = len(text.encode("utf-8", "surrogateescape"))  # as the command line gives bytes that are no UTF-8
    except UnicodeEncodeError:
        return "holds half a character (a surrogate); whole ones"
    return f"takes {size} bytes; at most {LONGEST}" if size > LONGEST else ""


def _is(value: object, hint: Any) -> bool:
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(isinstance(part, str) for part in value)
    kinds = (int, float) if hint is float else get_args(hint) or (hint,)
    return isinstance(value, kinds) and isinstance(value, bool) == (hint is bool)


def _words(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return "a list of texts"
    if hint is bool:
        return "true or false"
    if hint is float:
        return "a number"
    return "a whole number" if hint is int or int in get_args(hint) else "text (in quotes, if it looks like a number)"
