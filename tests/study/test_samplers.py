"""Known shapes first, then the model's proposals or Optuna's; the same history gives the same proposal."""

from __future__ import annotations

import optuna
import pytest
from landscape import loss
from optuna.trial import TrialState

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.study.budget import TOLERANCE
from tldr_search.study.ground import Ground
from tldr_search.study.proposals import Trajectory
from tldr_search.study.samplers import OPTUNAS, Optunas, Sampler, Start
from tldr_search.study.sensitivity import Damage, probes
from tldr_search.study.space import known_shapes
from tldr_search.study.surface import Observed
from tldr_search.study.trajectory import Curves

optuna.logging.set_verbosity(optuna.logging.WARNING)


def ground(method: str) -> Ground:
    return Ground(CostModel(architecture("umt-b"), method), architecture("umt-mini").geometry)


def run(sampler: Sampler, study: optuna.Study, trials: int) -> list[float]:
    """Losses, one trial after another."""
    study.sampler, found = sampler, list[float]()
    while len(found) < trials:
        trial = study.ask(sampler.space)
        on_budget = sampler.on_budget(trial.params)
        if on_budget is None:
            study.tell(trial, state=TrialState.FAIL)
            continue
        found.append(loss(sampler.ground.method.spec, on_budget.evaluated))
        study.tell(trial, 100 * (0.9 - found[-1]))
    return found


def new_study() -> optuna.Study:
    return optuna.create_study(direction="maximize")


@pytest.mark.parametrize("method", ["vid-tldr", "sta"])
def test_it_improves_on_the_known_shapes(method: str) -> None:
    gains = [min(found[:4]) - min(found) for found in (run(Trajectory(ground(method), 150, seed=s), new_study(), 14) for s in range(3))]
    assert sorted(gains)[1] > 0


def test_every_proposal_is_new_and_on_the_budget() -> None:
    sampler, study = Trajectory(ground("tome"), 150), new_study()
    run(sampler, study, 12)
    known = sampler.known(study)
    assert len({on_budget.evaluated for on_budget in known.values()}) == len(known) == 12
    assert all(150 * (1 - TOLERANCE) < on_budget.price <= 150 for on_budget in known.values())


def test_the_same_history_gives_the_same_proposal() -> None:
    whole = run(Trajectory(ground("tome"), 150, seed=3), new_study(), 9)
    study = new_study()
    run(Trajectory(ground("tome"), 150, seed=3), study, 6)
    lost = study.ask(Trajectory(ground("tome"), 150, seed=3).at(6, 0).space)
    study.tell(lost, state=TrialState.FAIL)
    assert run(Trajectory(ground("tome"), 150, seed=3), study, 3) == whole[6:]


def test_draws_differ_and_can_be_repeated() -> None:
    sampler, study = Trajectory(ground("tome"), 150), new_study()
    run(sampler, study, 6)

    def draw(number: int) -> dict[str, float]:
        study.sampler = sampler.at(6, number)
        trial = study.ask(sampler.space)
        study.tell(trial, state=TrialState.FAIL)
        return trial.params

    assert draw(0) == draw(0) != draw(1)


def test_workers_share_the_warm_starts() -> None:
    sampler, study = Trajectory(ground("tome"), 150), new_study()
    study.sampler = sampler
    origins, running = [], []
    for _ in range(6):
        running.append(study.ask(sampler.space))
        origins.append(sampler.origin)
    assert origins == [*known_shapes(sampler.ground.method, sampler.ground.source), "model", "model"]
    assert len({tuple(trial.params.values()) for trial in running}) == 6


def test_probes_add_a_start_of_their_own() -> None:
    place = ground("tome")
    damage = Damage.fit({probe.schedule: 1 - 0.02 / (1 + probe.slot) for probe in probes(place)}, Curves(place))
    sampler, study = Trajectory(place, 150, damage=damage), new_study()
    study.sampler = sampler
    study.ask(sampler.space)
    assert sampler.origin == "sensitivity"


def test_evidence_of_other_budgets_moves_proposals_and_choice() -> None:
    place = ground("tome")
    starts = [Start("constant", (1.0,) * 12)]
    late = Observed((0,) * 6 + (300,) * 6, 90.0, 0.1)
    early = Observed((600, 500, *[0] * 10), 50.0, 0.1)
    proposed = []
    for evidence in ([late, early], [late._replace(score=50.0), early._replace(score=90.0)]):
        sampler, study = Trajectory(place, 220, starts, evidence=lambda evidence=evidence: evidence), new_study()
        run(sampler, study, 4)
        proposed.append(sampler.choose(study).schedule)
    assert sum(proposed[0][:3]) < sum(proposed[1][:3])


def test_shapes_that_cannot_reach_the_budget_are_left_out() -> None:
    sampler, study = Trajectory(ground("sta"), 100), new_study()
    study.sampler = sampler
    origins = []
    for _ in range(3):
        study.tell(study.ask(sampler.space), 0.0)
        origins.append(sampler.origin)
    assert "vid-tldr" in sampler.left_out
    assert not set(sampler.left_out) & set(origins)
    assert all("100" in why for why in sampler.left_out.values())


@pytest.mark.parametrize("name", [name for name in OPTUNAS if name != "gp"])
def test_samplers_of_optuna_run_on_the_budget_and_can_be_replayed(name: str) -> None:
    place = ground("sta")

    def sampler() -> Sampler:
        return Optunas(OPTUNAS[name], place, 200.0, [Start("constant", (1.0, 1.0, 1.0))], seed=1)

    whole, study = run(sampler(), new_study(), 14), new_study()
    assert run(sampler(), study, 7) + run(sampler(), study, 7) == whole
    assert len(set(whole)) > 3


def test_it_is_a_sampler_like_any_other() -> None:
    place = ground("sta")
    sampler = Trajectory(place, 200.0)

    def objective(trial: optuna.Trial) -> float:
        params = {name: trial.suggest_float(name, 0, 1) for name in sampler.space}
        on_budget = sampler.on_budget(params)
        assert on_budget is not None
        return 90 - 100 * loss("sta", on_budget.evaluated)

    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=6)
    assert sampler.choose(study) in sampler.known(study).values()


def test_nothing_to_choose_from() -> None:
    with pytest.raises(ValueError, match="no trial is finished"):
        Trajectory(ground("sta"), 200.0).choose(new_study())
