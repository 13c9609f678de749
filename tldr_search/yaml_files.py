"""YAML that a user gives: a config, or the `best.yaml` of a study."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

LONGEST = 2**17
"""Bytes: far more than settings or schedules take, and read in a moment. Results, which are JSON, are longer as a rule."""


class _Repeated(yaml.YAMLError):
    """YAML wants every name once; PyYAML takes the last one silently."""


class _Loader(yaml.SafeLoader):
    """Plain values only, every name once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As PyYAML does it, names looked at first."""
        names = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode):
                if (name.tag, name.value) in names:
                    raise _Repeated(f"line {name.start_mark.line + 1}: {name.value!r} is given twice; once would be accepted")
                names.add((name.tag, name.value))
        return super().construct_mapping(node, deep)


def read(path: str | Path) -> object:
    """What it says; `OSError`, or a `ValueError` in one line for what is no YAML or too long for what we read."""
    with Path(path).open("rb") as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ValueError(f"more than {LONGEST // 1024} KiB")
    loader = None
    try:
        loader = _Loader(content)
        return loader.get_single_data()
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ValueError(" ".join(str(error).split())) from error  # PyYAML lets Python's own errors about odd values through
    finally:
        if loader:
            loader.dispose()
