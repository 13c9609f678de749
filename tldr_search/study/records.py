"""What a trial keeps of its evaluations, in user attributes that fit every database that Optuna knows.

MySQL's TEXT holds 64 KB, so an attribute is never longer than `LONGEST` and what is longer goes on in the next one. Outcomes that are
all 0 or 1 are bits, others float32: what is read back is the float32 nearest to what was measured. Where videos have several samples, it
is their hits that are float32, which whole numbers survive, and how many samples there are comes after them, as uint32.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from tldr_search.scores import Evaluation, hits_of

CLAIM = "claim"
"""User attribute: the key and the notes of a trial, written at once."""
LONGEST = 48_000
BITS, FLOATS, HITS = "bits", "float32", "hits"
"""How outcomes are kept."""


class Record(NamedTuple):
    """A trial with a key."""

    number: int
    key: str
    """What is evaluated: trials of one key would give the same outcomes."""
    stamp: str
    """Of the settings it was claimed under."""
    notes: dict[str, Any]
    params: dict[str, float]
    state: TrialState
    parts: dict[float, Evaluation]
    """Share of the split -> what was measured on it, without the names of the samples; empty unless finished."""
    samples: dict[float, str]
    """Share of the split -> the digest of those names."""

    @property
    def is_open(self) -> bool:
        """Somebody evaluates it, or died over it."""
        return self.state == TrialState.RUNNING

    @property
    def is_done(self) -> bool:
        """Its evaluations are kept."""
        return self.state in (TrialState.COMPLETE, TrialState.PRUNED)


def lost(records: Sequence[Record]) -> list[Record]:
    """One record, the first, of each key that was claimed, but that nobody evaluates or has evaluated."""
    kept = {record.key for record in records if record.is_open or record.is_done}
    first: dict[str, Record] = {}
    for record in records:
        if record.key not in kept:
            first.setdefault(record.key, record)
    return list(first.values())


def read(trial: FrozenTrial) -> Record:
    """The record of a trial that has a claim."""
    claim, state = trial.user_attrs[CLAIM], trial.state
    params = {name: float(value) for name, value in trial.params.items()}
    record = Record(trial.number, claim["key"], claim["stamp"], claim["notes"], params, state, {}, {})
    if not record.is_done:
        return record
    names = _names(trial.user_attrs)
    parts = {part: _evaluation(name, trial.user_attrs) for part, name in names.items()}
    return record._replace(parts=parts, samples={part: trial.user_attrs[name]["samples"] for part, name in names.items()})


def to_attributes(part: float, evaluation: Evaluation) -> dict[str, Any]:
    """Attributes that say everything of `evaluation` but the names of its samples, of which a digest is kept.

    The one named after the part is the last: if it is there, all are.
    """
    outcomes, counts = np.asarray(evaluation.outcomes, dtype=np.float64), evaluation.counts
    kind = HITS if counts else BITS if np.isin(outcomes, (0.0, 1.0)).all() else FLOATS
    values = np.packbits(outcomes.astype(bool)) if kind == BITS else hits_of(outcomes, counts).astype("<f4")
    text = _text(values.tobytes() + np.asarray(counts, dtype="<u4").tobytes())
    first, *others = [text[i : i + LONGEST] for i in range(0, len(text), LONGEST)]
    head = {
        "metrics": {name: float(value) for name, value in evaluation.metrics.items()},
        "objective": evaluation.objective,
        "seconds": float(evaluation.seconds),
        "num_videos": int(evaluation.num_videos),
        "num_samples": len(outcomes),
        "samples": digest(evaluation.sample_ids),
        "outcomes": kind,
        "most_samples": max(counts, default=1),
        "pieces": 1 + len(others),
        "data": first,
    }
    return {**{f"{_name(part)} +{i}": piece for i, piece in enumerate(others, 1)}, _name(part): head}


def digest(sample_ids: Sequence[str]) -> str:
    """What tells the samples of an evaluation from others."""
    return hashlib.sha256(json.dumps(tuple(sample_ids)).encode()).hexdigest()


def _names(attributes: Mapping[str, Any]) -> dict[float, str]:
    """Of the attributes of parts, by part, rising."""
    names = [name for name in attributes if name.startswith("part ") and "+" not in name]
    return dict(sorted((float(name.removeprefix("part ")), name) for name in names))


def _evaluation(name: str, attributes: Mapping[str, Any]) -> Evaluation:
    head = attributes[name]
    text = "".join(itertools.chain([head["data"]], (attributes[f"{name} +{i}"] for i in range(1, head["pieces"]))))
    content = zlib.decompress(base64.b85decode(text))
    outcomes, counts = _unpacked(head, content)
    return Evaluation(
        metrics=head["metrics"],
        objective=head["objective"],
        outcomes=tuple(outcomes.astype(float).tolist()),
        sample_ids=(),
        seconds=head["seconds"],
        num_videos=head["num_videos"],
        counts=tuple(counts.tolist()),
    )


def _unpacked(head: Mapping[str, Any], content: bytes) -> tuple[NDArray[Any], NDArray[Any]]:
    """(outcomes, counts), counts empty where each video has one sample.

    Before counts were kept (`most_samples` is missing), outcomes of videos with several samples were their hits over the mean count, from
    which the hits can't be told: `ValueError`. Those of `fidelity` lie between 0 and 1 with one sample, too.
    """
    n, none = head["num_samples"], np.empty(0, dtype=np.int64)
    if head["outcomes"] == BITS:
        return np.unpackbits(np.frombuffer(content, np.uint8), count=n), none
    values = np.frombuffer(content, "<f4", count=n).astype(np.float64)
    if head["outcomes"] == HITS:
        counts = np.frombuffer(content, "<u4", offset=4 * n).astype(np.int64)
        return values / counts, counts
    if "most_samples" not in head and (head["objective"] != "fidelity" or values.max(initial=0) > 1):
        raise ValueError(
            f"the storage of this study has evaluations of {n} videos with several samples each, and not how many, as an earlier version "
            "of tldr_search left it; another --name, or another --out, would be accepted"
        )
    return values, none


def _name(part: float) -> str:
    return f"part {part!r}"


def _text(content: bytes) -> str:
    return base64.b85encode(zlib.compress(content)).decode()
