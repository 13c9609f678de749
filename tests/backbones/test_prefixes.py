"""Forward passes that go on from what others computed give the same, bit for bit, as those from the start."""

import random

import pytest
import torch

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.clip import CLIPVideo
from tldr_search.backbones.encoder import Block, VideoEncoder
from tldr_search.backbones.prefixes import Prefixes
from tldr_search.backbones.umt import UMTVideo
from tldr_search.backbones.videomae import VideoMAE
from tldr_search.reducers import get_method
from tldr_search.reducers.reducer import Reducer
from tldr_search.tokens import Tokens

SMALL = {"dim": 8, "depth": 4, "heads": 2, "image_size": 32}
MODELS = {
    "umt": (UMTVideo, architecture("umt-b", frames=4, **SMALL)),
    "videomae": (VideoMAE, architecture("videomae-b", frames=8, num_classes=3, **SMALL)),
    "clip": (CLIPVideo, architecture("vifi-clip-b16", frames=4, embed_dim=8, **SMALL)),
}
METHODS = ("tome", "vid-tldr", "sta", "random", "rollout", "vid-tldr:score=rollout")
NUM_CLIPS = 2


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads that wait for each other make tiny models slow."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    build, arch = MODELS[request.param]
    torch.manual_seed(0)
    return build(arch).eval().requires_grad_(False)


def clips(model):
    shape = (2, 3, model.arch.frames, model.arch.image_size, model.arch.image_size)
    return [torch.randn(shape, generator=torch.Generator().manual_seed(i)) for i in range(NUM_CLIPS)]


@pytest.fixture(scope="module")
def separate(model):
    """Method, schedule, and what it gives for each of the clips by itself."""
    draw, found = random.Random(0), []
    for _ in range(20):
        name = draw.choice(METHODS)
        schedule = tuple(draw.choice((0, 0, 1)) for _ in range(get_method(name).slots(model.arch.geometry)))
        found.append((name, schedule, [model(video, name, schedule) for video in clips(model)]))
    return found


@pytest.fixture
def blocks(monkeypatch):
    """How many blocks have run."""
    ran, forward = [], Block.forward
    monkeypatch.setattr(Block, "forward", lambda self, *given: (ran.append(self), forward(self, *given))[1])
    return ran


@pytest.mark.parametrize("most_bytes,most_blocks", [(2**30, 0.7), (12_000, 0.99), (0, 1.0)])
def test_bit_equal_to_separate_runs(model, separate, most_bytes, most_blocks, blocks):
    prefixes = Prefixes(most_bytes)
    for method, schedule, expected in separate:
        prefixes.at("split", (method, schedule))
        for i, video in enumerate(clips(model)):
            found = model(video, method, schedule, prefixes.of(i))
            for one, other in zip(expected[i], found, strict=True):
                assert one is other is None or torch.equal(one, other)
        assert prefixes.num_bytes <= most_bytes
    assert len(blocks) <= most_blocks * len(separate) * NUM_CLIPS * model.arch.depth


def test_reducers_know_nothing_of_the_layers_before(model):
    """What goes on from a state is right only if a reducer that has just been made does what one in use does."""
    for method in (*METHODS, "tome:metric=features", "random:seed=1", "attentiveness"):
        row, geometry = get_method(method), model.arch.geometry
        first, second = row.build(geometry), row.build(geometry)
        assert first == second
        assert hash(first) == hash(second)
        assert first != get_method("saliency-pruning").build(geometry)


def test_methods_share_what_is_before_the_first_token_leaves(model, blocks):
    (video, *_), prefixes = clips(model), Prefixes()
    for method, schedule, expected in (
        ("none", (), 4),
        ("tome", (0, 0, 1), 2),
        ("vid-tldr", (0, 0, 1), 2),
        ("tome", (0, 0, 1, 1), 1),
        ("tome:proportional=off", (0, 0, 1, 1), 2),
        ("random", (0, 1), 3),
        ("random:seed=1", (0, 1), 3),
    ):
        prefixes.at("split", (method, schedule))
        blocks.clear()
        model(video, method, schedule, prefixes.of("clips"))
        assert len(blocks) == expected


def state(num_floats=10):
    return Tokens(torch.zeros(num_floats), None, None)


class Use:
    """Of a memory for so many states of ten numbers."""

    def __init__(self, room):
        self.prefixes = Prefixes(40 * room)

    def run(self, schedule, batches, split="split"):
        """-> whether each batch is found; what is not, is kept. A layer, before which nothing left."""
        self.prefixes.at(split, schedule)
        found = []
        for batch in batches:
            known = self.prefixes.of(batch).deepest(None, (0,) * schedule)
            found.append(known is not None and known[0] == schedule)
            if not found[-1]:
                self.prefixes.of(batch).keep(None, (0,) * schedule, state())
        return found


def test_the_schedule_longest_of_no_use_leaves_first():
    use = Use(room=4)
    assert use.run(1, "ab") == use.run(2, "ab") == [False, False]
    assert use.run(1, "ab") == [True, True]
    assert use.run(3, "a") == [False]  # its way leads over the states of a; so one of b leaves, of schedule 2
    assert use.run(1, "ab") == [True, True]
    assert use.run(2, "ab") == [True, False]


def test_a_split_larger_than_the_memory_keeps_its_first_batches():
    use = Use(room=3)
    assert use.run(1, "abcde") == [False] * 5
    assert use.run(1, "abcde") == [True] * 3 + [False] * 2
    use.run(0, "")
    assert use.run(1, "abcde") == [True] * 3 + [False] * 2


def test_states_of_another_split_are_forgotten():
    use = Use(room=3)
    use.run(1, "ab")
    assert use.run(1, "ab", split="other") == [False, False]
    assert use.prefixes.num_bytes == 80


def test_giving_up_frees_all_and_keeps_nothing_more():
    use = Use(room=3)
    use.run(1, "ab")
    assert use.prefixes.give_up()
    assert not use.prefixes.give_up()
    assert use.run(1, "ab") == use.run(1, "ab") == [False, False]
    assert use.prefixes.num_bytes == 0


def test_the_rollout_is_computed_once(model, monkeypatch):
    (video, *_), prefixes = clips(model), Prefixes()
    ran, rollout = [], VideoEncoder.rollout
    monkeypatch.setattr(VideoEncoder, "rollout", lambda self, video: (ran.append(video), rollout(self, video))[1])
    for method, schedule, times in (
        ("none", (), 0),
        ("rollout", (1, 1), 1),
        ("vid-tldr:score=rollout", (0, 1, 1), 1),
        ("rollout", (1,), 1),
    ):
        prefixes.at("split", (method, schedule))
        found = model(video, method, schedule, prefixes.of("clips"))
        assert len(ran) == times
        assert torch.equal(found.tokens, model(video, method, schedule).tokens)
        del ran[times:]


def test_a_reducer_is_part_of_the_name():
    class Other:
        """Equal to nothing else."""

    prefixes = Prefixes()
    reducer: Reducer = Other()
    prefixes.of(0).keep(reducer, (1,), state())
    assert prefixes.of(0).deepest(Other(), (1, 0)) is None
    assert prefixes.of(0).deepest(reducer, (2, 0)) is None
    assert prefixes.of(1).deepest(reducer, (1, 0)) is None
    assert prefixes.of(0).deepest(reducer, (1, 0))[0] == 1
