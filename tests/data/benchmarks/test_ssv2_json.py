"""Something-Something v2's official JSON files."""

from __future__ import annotations

import json

import pytest

from tldr_search.data.benchmarks import ssv2_json

LABELS = '{\r\n"Holding something": "1",\r\n"Moving something and something so they pass each other": "0"}\r\n'
ENTRIES = [
    {"id": "78687", "label": "holding potato", "template": "Holding [something]", "placeholders": ["potato"]},
    {"id": "42", "label": "x", "template": "Moving [something] and [something] so they pass each other", "placeholders": ["a", "b"]},
]


@pytest.mark.parametrize("labels", ["something-something-v2-labels.json", "labels.json"])
def test_labels_are_those_of_the_templates(annotate, videos, labels: str) -> None:
    root = videos("42.mp4", "78687.webm", "78687.mp4")
    source = annotate({"validation.json": json.dumps(ENTRIES), labels: LABELS}, num_classes=2)
    split = ssv2_json.read(source)
    assert [video.name for video in split.videos] == ["78687", "42"]
    assert [video.path for video in split.videos] == [root / "78687.webm", root / "42.mp4"]
    assert split.labels == (1, 0)
    assert split.classes == ("Moving something and something so they pass each other", "Holding something")
    assert split.sources == (source.annotations, source.annotations.with_name(labels))


def test_where_nothing_lies(annotate) -> None:
    source = annotate({"validation.json": json.dumps(ENTRIES), "labels.json": LABELS})
    assert [video.path for video in ssv2_json.read(source).videos] == [source.videos / "78687.webm", source.videos / "42.webm"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"id": "3"}, "an entry with a template, which the test split has not,"),
        ({"id": "3", "template": "Holding [something] up"}, "a template that is among the class names"),
        ({"id": "3", "template": ["Holding"]}, "a template that is among the class names"),
        ({"id": None, "template": "Holding [something]"}, 'a list of {"id": ..., "template": ...}'),
        ({"id": True, "template": "Holding [something]"}, 'a list of {"id": ..., "template": ...}'),
        (["3"], 'a list of {"id": ..., "template": ...}'),
        (ENTRIES[0], "a video that is not in validation.json, line 1, already"),
        ({**ENTRIES[0], "id": 78687}, "a video that is not in validation.json, line 1, already"),
    ],
)
def test_malformed_entries(annotate, entry: object, message: str) -> None:
    with pytest.raises(ValueError, match=r"validation\.json, line 2: ") as error:
        ssv2_json.read(annotate({"validation.json": f"[{json.dumps(ENTRIES[0])},\n{json.dumps(entry)}]", "labels.json": LABELS}))
    assert str(error.value).endswith(f"{message} would be accepted")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "no class names beside it; something-something-v2-labels.json or labels.json"),
        ('{"a": "0"}', "labels.json: 1 classes; 2"),
        ('{"a": "0",\n"b": "2"}', "labels.json, line 2: '\"2\"': each label from 0 to 1 once"),
        ('{"a": "0",\n"b": 0}', "labels.json, line 2: '0': each label from 0 to 1 once"),
        ('{"a": "0",\n"b": "x"}', "labels.json, line 2: '\"x\"': each label from 0 to 1 once"),
        ('{"a": "0",\n"b" "1"}', 'labels.json, line 2: \'"1"}\': an object of "template": "label"'),
        ('{"a": "0",\n3: "1"}', "labels.json, line 2: '3': an object of"),
        ('["a", "b"]', 'labels.json, line 1: \'["a", "b"]\': an object of'),
    ],
)
def test_malformed_class_names(annotate, labels: str | None, message: str) -> None:
    files = {"validation.json": json.dumps(ENTRIES)} | ({} if labels is None else {"labels.json": labels})
    with pytest.raises(ValueError) as error:
        ssv2_json.read(annotate(files, num_classes=2))
    assert message in str(error.value)
    assert str(error.value).endswith("would be accepted")
