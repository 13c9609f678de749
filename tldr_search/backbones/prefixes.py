"""What schedules that begin alike share: their tokens after the layers in which they do not differ yet.

States are kept and handed on, never changed, so that a forward pass that goes on from one gives what it would have given from the
start: bit for bit on a CPU, and on a GPU as far as that repeats itself (sums over merged tokens may run in another order there). It holds
because a reducer knows nothing of the layers before its own, and because what it knows of the unreduced model (its rollout) follows from
the clips alone, and is kept here, too. Where nothing has left yet, the attention of all methods is the same (there are no sizes), and so
is the state: they share it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from torch import Tensor

from tldr_search.reducers.reducer import Reducer
from tldr_search.tokens import Tokens

GIBIBYTE = 2**30


class _Key(NamedTuple):
    clips: Hashable
    reducer: Reducer | None
    """None as long as nothing has left."""
    removed: tuple[int, ...] | None
    """Tokens that left in each of the layers that are done; None: not a state, but the rollout of the unreduced model."""


class _State(NamedTuple):
    tokens: Tokens
    num_bytes: int
    turn: int
    """When it was last of use."""


class Prefixes:
    """States of many clips and schedules, on their device, within a bound of memory.

    Those of the schedule that was longest of no use leave first. A schedule never drives out its own: where a split is larger than the
    memory, its first batches stay, and are found by the next schedule, whereas a queue would have lost each before it comes again.
    """

    def __init__(self, most_bytes: int = GIBIBYTE) -> None:
        self._most_bytes, self._bytes, self._turn = most_bytes, 0, 0
        self._split = ""
        self._schedule: Hashable = None
        self._states: OrderedDict[_Key, _State] = OrderedDict()  # the one that was longest of no use in front

    @property
    def num_bytes(self) -> int:
        """What is kept; tensors that two states share count twice."""
        return self._bytes

    def at(self, split: str, schedule: Hashable) -> None:
        """What comes is of this split and schedule; states of another split are forgotten."""
        if split != self._split:
            self.clear()
        self._turn += (split, schedule) != (self._split, self._schedule)
        self._split, self._schedule = split, schedule

    def of(self, clips: Hashable) -> PrefixesOfClips:
        """Those of one batch; `clips` must be equal for equal pixels in the same order, and for no others."""
        return PrefixesOfClips(self, clips)

    def clear(self) -> None:
        """Nothing is kept."""
        self._states.clear()
        self._bytes = 0

    def give_up(self) -> bool:
        """Nothing is kept from now on, because memory is short; False if that frees none."""
        freed = self._bytes > 0
        self.clear()
        self._most_bytes = 0
        return freed

    def get(self, key: _Key) -> Tokens | None:
        """The state, which is of use now."""
        if (state := self._states.get(key)) is None:
            return None
        self._states[key] = state._replace(turn=self._turn)
        self._states.move_to_end(key)
        return state.tokens

    def put(self, key: _Key, tokens: Tokens) -> None:
        """Keeps the state, if states of earlier schedules make room for it."""
        assert key not in self._states
        num_bytes = sum(tensor.nbytes for tensor in tokens if tensor is not None)
        if num_bytes > self._most_bytes:
            return
        while self._bytes + num_bytes > self._most_bytes:
            oldest, state = next(iter(self._states.items()))
            if state.turn == self._turn:
                return
            del self._states[oldest]
            self._bytes -= state.num_bytes
        self._states[key] = _State(tokens, num_bytes, self._turn)
        self._bytes += num_bytes


class PrefixesOfClips(NamedTuple):
    """Those of one batch of clips."""

    prefixes: Prefixes
    clips: Hashable

    def deepest(self, reducer: Reducer | None, removed: Sequence[int]) -> tuple[int, Tokens] | None:
        """How many layers of the schedule are done, and the state after them; None if not even the first one can be spared.

        States on the way to it were of use, too: schedules that part earlier will ask for them.
        """
        found = None
        for done in range(len(removed), -1, -1):
            tokens = self.prefixes.get(self._key(reducer, removed[:done]))
            if tokens is not None and found is None:
                found = done, tokens
        return found

    def keep(self, reducer: Reducer | None, removed: Sequence[int], tokens: Tokens) -> None:
        """The state after as many layers as `removed` has entries; after none, the embedded clips."""
        self.prefixes.put(self._key(reducer, removed), tokens)

    def rollout(self) -> Tensor | None:
        """[B, N] what `keep_rollout` was given for these clips, if it is still there."""
        found = self.prefixes.get(_Key(self.clips, None, None))
        return None if found is None else found.features[..., 0]

    def keep_rollout(self, scores: Tensor) -> None:
        """[B, N], as tokens of one channel."""
        self.prefixes.put(_Key(self.clips, None, None), Tokens(scores[..., None], None, None))

    def _key(self, reducer: Reducer | None, removed: Sequence[int]) -> _Key:
        return _Key(self.clips, reducer if any(removed) else None, tuple(removed))
