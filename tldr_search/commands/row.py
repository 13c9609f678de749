"""What commands return."""

from typing import Any

Row = dict[str, Any]
"""Plain data, as `--json` prints it."""
