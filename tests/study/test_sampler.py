"""Known shapes first, then neighbours of the best; the same history gives the same proposal."""

from __future__ import annotations

import optuna
import pytest
from landscape import loss

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.study.budget import Ground, repair
from tldr_search.study.sampler import Sampler
from tldr_search.study.space import known_shapes

optuna.logging.set_verbosity(optuna.logging.WARNING)


def sampler(method: str, seed: int = 0, budget: float = 150, study: optuna.Study | None = None) -> Sampler:
    ground = Ground(CostModel(architecture("umt-b"), method), architecture("umt-mini").geometry)
    study = study or optuna.create_study(direction="maximize")
    shapes = list(known_shapes(ground.method, ground.source).items())
    return Sampler(study, "key", seed, ground.slots, shapes, lambda shares: repair(shares, budget, ground))


def losses(method: str, seed: int, trials: int) -> list[float]:
    proposals, found = sampler(method, seed), []
    for _ in range(trials):
        proposal = proposals.next()
        assert proposal is not None
        found.append(loss(method, proposal.on_budget.evaluated))
        proposals.study.tell(proposal.trial, -found[-1])
    return found


@pytest.mark.parametrize("method", ["tome", "sta"])
def test_it_improves_on_the_known_shapes(method: str) -> None:
    gains = [min(found[:4]) - min(found) for found in (losses(method, seed, 16) for seed in range(5))]
    assert sorted(gains)[2] > 0


def test_the_same_history_gives_the_same_proposal() -> None:
    whole = losses("tome", 3, 10)
    first = sampler("tome", 3)
    for _ in range(6):
        proposal = first.next()
        assert proposal is not None
        first.study.tell(proposal.trial, -loss("tome", proposal.on_budget.evaluated))
    lost = first.next()
    assert lost is not None
    first.study.tell(lost.trial, state=optuna.trial.TrialState.FAIL)
    again = sampler("tome", 3, study=first.study)
    rest = []
    for _ in range(4):
        proposal = again.next()
        assert proposal is not None
        rest.append(loss("tome", proposal.on_budget.evaluated))
        again.study.tell(proposal.trial, -rest[-1])
    assert rest == whole[6:]


def test_shapes_that_cannot_reach_the_budget_are_passed_over() -> None:
    proposals = sampler("sta", budget=100)
    origins = []
    for _ in range(3):
        proposal = proposals.next()
        assert proposal is not None
        origins.append(proposal.trial.user_attrs["origin"])
        proposals.study.tell(proposal.trial, 0.0)
    assert "vid-tldr" not in origins
    left_out = {origin: why for _, origin, why in proposals.left_out}
    assert "vid-tldr" in left_out
    assert not set(left_out) & set(origins)
    assert all("100" in why for why in left_out.values())
    assert origins[-1] == "sampler"
