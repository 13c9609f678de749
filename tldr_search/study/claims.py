"""Workers share one Optuna study: who evaluates what, who is alive, and what was measured. On any storage, without another service.

A trial is claimed by writing what it evaluates, its key, into its user attributes. All that is assumed of a storage is that writes to a
trial are seen by every read that begins after them, and that a trial's state is changed at once, and only while it is unfinished.
"""

from __future__ import annotations

import math
import os
import platform
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState, create_trial

from tldr_search.scores import Evaluation
from tldr_search.study.records import CLAIM, Record, lost, read, to_attributes
from tldr_search.study.settings import other_settings

__all__ = ["Claims", "Record", "lost"]

BEAT = "beat"
"""User attribute: counts up while the trial is being evaluated; that it is there says that the claim holds."""
LOOK = 0.02
"""Seconds between looks at a rival who has not decided yet."""


class _Sign(NamedTuple):
    """Of life: what a trial looked like, and since when, on this process's own clock."""

    seen: tuple[object, ...]
    since: float


class Claims:
    """The trials of `study`, as its workers see them.

    `stamp`: of the settings (`made_with.stamp`), of which there is never more than one among the trials that are open or done.
    `beat`: seconds between two signs of life; `grace`: seconds without one after which a trial counts as lost.
    """

    def __init__(self, study: optuna.Study, *, stamp: str = "", beat: float = 10, grace: float = 60) -> None:
        self.study, self.stamp, self.beat, self.grace = study, stamp, beat, grace
        self._storage = study._storage
        self._signs: dict[int, _Sign] = {}
        self._finished: dict[int, Record] = {}

    def take(self, trial: optuna.Trial, key: str, notes: Mapping[str, Any]) -> bool:
        """Claims `key` for `trial`; False, and the trial has failed, if another that has not failed has it: never are two evaluated.

        A rival is an open or finished trial of this key, or of any key under other settings; if it is one of other settings to which
        this gives way, that is a `ValueError`.

        Each writes its claim first and looks for rivals afterwards, so of two rivals at least the one that wrote second sees the other.
        Who sees a rival that is finished, that beats or that has a lower number, withdraws; who sees none beats, and holds its claim.
        The lower of two may see the higher without a beat, which then has not looked yet or looked before the lower one wrote: it
        waits until the higher one has failed or beats. Hence never do two rivals hold their claims, and of rivals that all wrote
        before any looked, the lowest does.
        """
        try:
            trial.set_user_attr(CLAIM, {"key": key, "stamp": self.stamp, "notes": dict(notes), "owner": [_place(), os.getpid()]})
            if rival := self._stronger_rival(trial.number, key):
                self._fail(trial._trial_id)
                self._refuse_other_settings(rival)
                return False
            trial.set_user_attr(BEAT, 0)
        except UpdateFinishedTrialError:  # this process was away for so long that the trial counts as lost
            return False
        return True

    @contextmanager
    def alive(self, trial: optuna.Trial) -> Iterator[None]:
        """Shows signs of life from a thread while `trial` is being evaluated; an exception gives the trial up at once."""
        stop = threading.Event()
        thread = threading.Thread(target=self._show_life, args=(trial._trial_id, stop), daemon=True)
        thread.start()
        try:
            yield
        except BaseException:
            stop.set()
            self._fail(trial._trial_id)
            raise
        finally:
            stop.set()
            thread.join(timeout=self.beat)

    def finish(self, trial: optuna.Trial, parts: Mapping[float, Evaluation], *, pruned: bool = False) -> bool:
        """Keeps the evaluations by part and tells the value: the score at part 1.0, or, `pruned`, that of the largest part.

        If the trial was declared lost meanwhile, they are kept as a new trial of the same key; False if another has taken that.
        `RuntimeError` if a score is not a finite number.
        """
        assert parts, "nothing was measured"
        assert pruned == (1.0 not in parts), f"pruned={pruned} after parts {sorted(parts)}"
        for part, each in parts.items():
            if not math.isfinite(each.score):
                key = trial.user_attrs[CLAIM]["key"]
                raise RuntimeError(f"the evaluator gave {each.objective} = {each.score} for {key} on {part:.0%} of the videos")
        try:
            self._keep(trial, parts)
        except UpdateFinishedTrialError:
            return self._keep_again(trial, parts)
        return True

    def fail_lost(self) -> None:
        """Fails running trials whose owner is dead: no sign of life for `grace` seconds, or a process of this machine that is gone."""
        now, signs = time.monotonic(), {}
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            seen = len(trial.params), CLAIM in trial.user_attrs, trial.user_attrs.get(BEAT)
            last = self._signs.get(trial.number)
            sign = last if last and last.seen == seen else _Sign(seen, now)
            signs[trial.number] = sign
            if now - sign.since > self.grace or _is_gone(trial.user_attrs.get(CLAIM, {}).get("owner")):
                self._fail(trial._trial_id)
        self._signs = signs

    def records(self) -> list[Record]:
        """All trials that have a key, by number."""
        return [self._record(trial) for trial in self.study.get_trials(deepcopy=False) if CLAIM in trial.user_attrs]

    def _record(self, trial: FrozenTrial) -> Record:
        """A finished trial never changes, so it is decoded once."""
        if known := self._finished.get(trial.number):
            return known
        record = read(trial)
        if trial.state.is_finished():
            self._finished[trial.number] = record
        return record

    def _stronger_rival(self, number: int, key: str) -> FrozenTrial | None:
        deadline = time.monotonic() + self.grace / 2
        while rivals := self._rivals(number, key):
            for rival in rivals:
                late = time.monotonic() > deadline  # it died between its two writes
                if rival.number < number or rival.state.is_finished() or BEAT in rival.user_attrs or late:
                    return rival
            time.sleep(LOOK)
        return None

    def _rivals(self, number: int, key: str) -> list[FrozenTrial]:
        trials = self.study.get_trials(deepcopy=False)
        claimed = [t for t in trials if CLAIM in t.user_attrs and t.number != number and t.state != TrialState.FAIL]
        return [t for t in claimed if t.user_attrs[CLAIM]["key"] == key or t.user_attrs[CLAIM]["stamp"] != self.stamp]

    def _refuse_other_settings(self, rival: FrozenTrial) -> None:
        theirs = rival.user_attrs[CLAIM]["stamp"]
        if theirs != self.stamp:
            raise other_settings(self.study, theirs, self.stamp)

    def _fail(self, trial_id: int) -> None:
        """Of several that do this, and of the owner who finishes, the first counts."""
        with suppress(UpdateFinishedTrialError):
            self._storage.set_trial_state_values(trial_id, TrialState.FAIL)

    def _show_life(self, trial_id: int, stop: threading.Event) -> None:
        count = 0
        try:
            while not stop.wait(self.beat):
                count += 1
                self._storage.set_trial_user_attr(trial_id, BEAT, count)
        except UpdateFinishedTrialError:  # declared lost; `finish` sees to it
            return
        finally:
            self._storage.remove_session()

    def _keep(self, trial: optuna.Trial, parts: Mapping[float, Evaluation]) -> None:
        """Attributes first, the state last and by the storage itself, which refuses if the trial has failed by now."""
        for part in sorted(parts):
            for name, value in to_attributes(part, parts[part]).items():
                self._storage.set_trial_user_attr(trial._trial_id, name, value)
        largest = max(parts)
        score = float(parts[largest].score)
        if largest < 1:  # what Optuna's samplers read of a pruned trial
            self._storage.set_trial_intermediate_value(trial._trial_id, round(100 * largest), score)
        state = TrialState.COMPLETE if largest == 1 else TrialState.PRUNED
        self._storage.set_trial_state_values(trial._trial_id, state, [score])

    def _keep_again(self, trial: optuna.Trial, parts: Mapping[float, Evaluation]) -> bool:
        claim = trial.user_attrs[CLAIM]
        template = create_trial(state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions)
        again = optuna.Trial(self.study, self._storage.create_new_trial(self.study._study_id, template))
        if not self.take(again, claim["key"], claim["notes"]):
            return False
        self._keep(again, parts)
        return True


@cache
def _place() -> str:
    """Names this machine since it was booted, and the numbering of its processes; containers have one of their own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()}/{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # not Linux: nobody is said to be gone, they are waited for
        return ""


def _is_gone(owner: list[Any] | None) -> bool:
    """The process lived here and does so no more; False if that cannot be told."""
    if not owner or not owner[0] or owner[0] != _place():
        return False
    try:
        os.kill(owner[1], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
