"""The grounds of a study: each method with its price, which all workers of a study have in common."""

from __future__ import annotations

from collections.abc import Callable

import optuna
from optuna.trial import TrialState, create_trial

from tldr_search.config import StudyConfig
from tldr_search.cost import UNITS, CostModel
from tldr_search.cost.profile import Profile, from_mapping, to_mapping
from tldr_search.study.ground import Ground

PROFILE = "profile"


def grounds(config: StudyConfig, profile: Profile | None = None) -> dict[str, Ground]:
    """Of methods and baselines, by spec; `profile`: what prices come from, where they are not counted.

    `ValueError` if a method cannot be brought to a measured budget.
    """
    found = [_ground(config, name, profile) for name in (*config.methods, *config.baselines)]
    if profile is not None:
        for ground in found[: len(config.methods)]:
            _check_reach(ground, config)
    return {ground.method.spec: ground for ground in found}


def shared_profile(root: optuna.Study, stamp: str, measure: Callable[[], Profile] | None) -> Profile:
    """The one that the study keeps for the settings of this `stamp`; `measure()` gives it if there is none yet.

    It is kept as a trial that has failed, of which the first counts for all.
    """
    if (found := _kept(root, stamp)) is None:
        assert measure is not None, "a budget in ms or MiB without anything that measures"
        root.add_trial(create_trial(state=TrialState.FAIL, user_attrs={PROFILE: {"stamp": stamp, "profile": to_mapping(measure())}}))
        found = _kept(root, stamp)
    assert found is not None
    return found


def _kept(root: optuna.Study, stamp: str) -> Profile | None:
    kept = (trial.user_attrs[PROFILE] for trial in root.get_trials(deepcopy=False) if PROFILE in trial.user_attrs)
    return next((from_mapping(entry["profile"]) for entry in kept if entry["stamp"] == stamp), None)


def _ground(config: StudyConfig, name: str, profile: Profile | None) -> Ground:
    cost, evaluated = CostModel(config.counted, name), config.evaluated.geometry
    if profile is None:
        return Ground(cost, evaluated, config.shape)
    return Ground(cost, evaluated, config.shape, profile.price(cost.method, cost.geometry), profile.unit)


def _check_reach(ground: Ground, config: StudyConfig) -> None:
    budget = config.budget_at(ground.base)
    if not ground.reaches(budget):
        bounds = f"{ground.method.spec} takes {ground.least:.4g} to {ground.base:.4g} {UNITS[ground.unit]} here"
        raise ValueError(f"budget {config.budget} is out of reach ({bounds}); one between, or other methods, would be accepted")
