"""Workers of a study share what was measured of the device; other settings measure again."""

from __future__ import annotations

import dataclasses

import optuna

from tldr_search.cost.profile import Profile
from tldr_search.study.grounds import shared_profile

PROFILE = Profile("ms", "umt-mini", "cpu", "fp32", 8, 0.0, 1.0, 2.0, {})


def test_the_first_profile_counts_for_all_of_the_same_settings() -> None:
    study = optuna.create_study()
    assert shared_profile(study, "one", lambda: PROFILE) == PROFILE
    assert shared_profile(study, "one", None) == PROFILE
    other = dataclasses.replace(PROFILE, batch_size=32)
    assert shared_profile(study, "two", lambda: other) == other
    assert shared_profile(study, "one", None) == PROFILE
