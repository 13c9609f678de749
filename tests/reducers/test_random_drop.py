import torch

from tldr_search.reducers import get_method
from tldr_search.reducers.reducer import Observation
from tldr_search.schedule import Geometry

GEOMETRY = Geometry(num_tokens=20, groups=4, depth=12, dim=4, heads=1)


def kept(spec: str, layer: int = 0, batch: int = 1, protected: int = 0) -> list[list[int]]:
    reducer = get_method(spec).build(GEOMETRY._replace(protected=protected))
    return reducer(Observation(torch.randn(batch, 20, 4), None, None, None, None, layer), 8).kept.tolist()


def test_the_same_places_in_every_clip_run_and_batch():
    alone = kept("random")[0]
    assert alone == sorted(alone)
    assert kept("random", batch=3) == [alone] * 3
    assert kept("random:seed=0") == [alone]


def test_seeds_and_layers_differ():
    drawn = [tuple(kept(f"random:seed={seed}", layer)[0]) for seed in range(4) for layer in range(4)]
    assert len(set(drawn)) == len(drawn)


def test_global_random_state_is_left_alone():
    state = torch.get_rng_state()
    get_method("random").build(GEOMETRY)(Observation(torch.zeros(1, 20, 4), None, None, None, None, 0), 8)
    assert torch.equal(torch.get_rng_state(), state)


def test_class_tokens_stay():
    assert kept("random", protected=2)[0][:2] == [0, 1]
