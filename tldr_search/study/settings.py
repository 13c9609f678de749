"""The settings that a search is made under: stamped on every claim, and kept whole in the study under their stamp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna

from tldr_search.made_with import changes, stamp

_PREFIX = "settings "


def keep(study: optuna.Study, identity: Mapping[str, object]) -> None:
    """Writes `identity` down in `study` under its stamp. Others write theirs beside it: nobody overwrites anything."""
    name = _PREFIX + stamp(identity)
    if name not in study.user_attrs:
        study.set_user_attr(name, dict(identity))


def other_settings(study: optuna.Study, then: str, now: str) -> ValueError:
    """The error of one who comes with the settings stamped `now` to a study made under `then`; says what differs, if the study knows."""
    held, mine = (_find(study, each) for each in (then, now))
    differ = changes(held, mine) or "it does not say which"
    return ValueError(f"the study {study.study_name!r} is made with other settings ({differ}); choose another --name, --out or --storage")


def _find(study: optuna.Study, stamped: str) -> dict[str, Any]:
    found: dict[str, Any] = study.user_attrs.get(_PREFIX + stamped, {})
    return found
