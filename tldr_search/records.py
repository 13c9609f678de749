"""Typed records out of JSON: what was read is held against the types of the fields that it is for, and nothing is guessed."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from reprlib import Repr
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
SHORT = Repr()
SHORT.maxstring = SHORT.maxother = 60


def versioned(text: str) -> tuple[object, dict[str, Any]]:
    """The `format` that a JSON document says it has, and its other fields; `ValueError` for anything else."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict) or "format" not in found:
        raise ValueError("it says no format")
    return found.pop("format"), found


def load(kind: type[Record], path: Path, wanted: int | str, check: Callable[[Record], None], of: str) -> Record:
    """The result of `of` (a study, an ablation) in a JSON file that says the format `wanted`.

    `ValueError` for another format, or for a file that is damaged or something else; `check` raises one for parts that do not fit.
    """
    try:
        found, fields = versioned(path.read_text(encoding="utf-8"))
        result: Record | None = restored(kind, fields) if found == wanted else None
        if result:
            check(result)
    except ValueError as error:
        why, command = " ".join(str(error).split()), f"the {of.split()[-1]}'s command"
        raise ValueError(f"{path} is no result of {of}, or a damaged one ({why}); without it {command} writes it again") from error
    if result is None:
        raise ValueError(f"{path} was written by another version of tldr_search (format {found!r}); format {wanted!r} would be accepted")
    return result


def restored(kind: Any, value: object, name: str = "") -> Any:
    """`value` as a `kind`: a dataclass or NamedTuple, a tuple, a mapping with names as keys, text, a truth value, a finite number, `object`
    or one of them or None. `ValueError` names the field, which lies at `name`, and what would be accepted.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        others = [one for one in inner if one is not NoneType]
        return None if value is None else restored(others[0], value, name)
    if origin is tuple:
        return _tuple(inner, value, name)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise _refused(name, value, "an object")
        return {key: restored(inner[1], one, _at(name, key)) for key, one in value.items()}
    if kind in WORDS:
        if not _are([value], kind):
            raise _refused(name, value, WORDS[kind])
        return float(value) if kind is float else value  # type: ignore[arg-type]
    return value if kind is object else _record(kind, value, name)


def _tuple(inner: tuple[Any, ...], value: object, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _refused(name, value, "a list")
    if inner[-1] is not Ellipsis:
        if len(value) != len(inner):
            raise _refused(name, value, f"a list of {len(inner)}")
        return tuple(restored(kind, one, f"{name}[{i}]") for i, (kind, one) in enumerate(zip(inner, value, strict=True)))
    if inner[0] in WORDS and _are(value, inner[0]):  # thousands of outcomes at once
        return tuple(map(float, value)) if inner[0] is float else tuple(value)
    return tuple(restored(inner[0], one, f"{name}[{i}]") for i, one in enumerate(value))


def _record(kind: Any, value: object, name: str) -> Any:
    if not isinstance(value, dict):
        raise _refused(name, value, "an object")
    kinds, required = _fields(kind)
    if lacking := [field for field in required if field not in value]:
        raise ValueError(f"{name or 'it'} lacks {', '.join(lacking)}")
    if unknown := [field for field in value if field not in kinds]:
        raise ValueError(f"{name or 'it'} has {SHORT.repr(unknown[0])}, which is no field of it")
    return kind(**{field: restored(kinds[field], one, _at(name, field)) for field, one in value.items()})


@cache
def _fields(kind: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Types of its fields, and those that have no default."""
    kinds = get_type_hints(kind)
    if dataclasses.is_dataclass(kind):
        return kinds, tuple(f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING)
    return kinds, tuple(name for name in kind._fields if name not in kind._field_defaults)


def _are(values: Iterable[object], kind: type) -> bool:
    """Whether all are of that type; a whole number is a number, true and false are none."""
    accepted = {int, float} if kind is float else {kind}
    try:
        return {*map(type, values)} <= accepted and (kind is not float or all(map(math.isfinite, values)))  # type: ignore[arg-type]
    except OverflowError:  # a whole number beyond every float
        return False


def _at(name: str, field: str) -> str:
    return f"{name}.{field}" if name else field


def _refused(name: str, value: object, accepted: str) -> ValueError:
    return ValueError(f"{name or 'it'}: {SHORT.repr(value)}; {accepted} would be accepted")
