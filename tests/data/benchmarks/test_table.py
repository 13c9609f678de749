"""The table of benchmarks, and what all readers have in common."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tldr_search.data.benchmarks import BENCHMARKS, Source, demo
from tldr_search.data.benchmarks.split import AnsweringSplit, BaseToNovelSplit, ClassificationSplit, RetrievalSplit
from tldr_search.published.row import BENCHMARKS as PUBLISHED

KINDS = {
    "retrieval": RetrievalSplit,
    "classification": ClassificationSplit,
    "question-answering": AnsweringSplit,
    "base-to-novel": BaseToNovelSplit,
}
WITH_FILES = [name for name in BENCHMARKS if name != "demo"]


def native(name: str) -> dict[str, str]:
    """Small files in the native form of a benchmark, by their names among all annotations; the first two videos are of classes 0 and 1."""
    main, task = BENCHMARKS[name].splits[BENCHMARKS[name].default_split], BENCHMARKS[name].tasks[0]
    count = BENCHMARKS[name].num_classes
    if task == "retrieval":
        return {
            main: json.dumps([{"video": "a.mp4", "caption": ["one", "two"]}, {"video": ["b.mp4", "c.mp4"], "caption": "three"}], indent=1)
        }
    if task == "question-answering":
        entry = {"question_id": 1, "video": "a.mp4", "question": "what?", "answer": "dog"}
        return {main: json.dumps([entry, {**entry, "question_id": "2"}], indent=1), main.replace("_test", "_answer_list"): '["dog", "cat"]'}
    if task == "base-to-novel":
        lists = {f"{main}/{part}_val.txt": "".join(f"{part}{i}.avi {i}\n" for i in (0, 1)) for part in ("base", "novel")}
        sizes = {"base": (count + 1) // 2, "novel": count // 2}
        return lists | {
            f"{main}/x_{part}_labels.csv": "id,name\n" + "".join(f"{i},{part}{i}\n" for i in range(n)) for part, n in sizes.items()
        }
    if name == "k400":
        rows = "".join(f"class {i:03d},id{i},0,10,val,0\n" for i in range(count))
        return {main: "label,youtube_id,time_start,time_end,split,is_cc\n" + rows}
    if name == "ssv2":
        entries = [{"id": str(i), "label": "x", "template": f"Do [something] {i}", "placeholders": []} for i in (0, 1)]
        labels = {f"Do something {i}": str(i) for i in range(count)}
        return {main: json.dumps(entries, indent=1), main.replace("validation", "labels"): json.dumps(labels, indent=1)}
    if name == "ucf101":
        return {
            main: "Class000/v_a.avi\nClass001/v_b.avi\n",
            "ucf101/classInd.txt": "".join(f"{i + 1} Class{i:03d}\n" for i in range(count)),
        }
    return {f"{main}/class{i:03d}_test_split1.txt": f"a{i}.avi 2\nb{i}.avi 1\n" for i in range(count)}


def source(name: str, files: dict[str, str], root: Path) -> Source:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    benchmark = BENCHMARKS[name]
    split = benchmark.default_split
    return Source(benchmark.tasks[0], split, root / benchmark.splits[split], root / benchmark.videos, benchmark.num_classes)


def test_every_published_benchmark_has_a_row() -> None:
    assert {name.removesuffix("-zero-shot") for name in PUBLISHED} <= set(BENCHMARKS)


def test_texts_are_as_long_as_umt_fine_tunes_them() -> None:
    published = {"msrvtt": 32, "msvd": 64, "activitynet": 150, "didemo": 64, "lsmdc": 96, "ssv2-label": 25, "ssv2-template": 25}
    published |= {"msrvtt-qa": 25, "msvd-qa": 25}
    assert {name: row.max_text_length for name, row in BENCHMARKS.items() if row.max_text_length} == published
    assert {name: row.trim_seconds for name, row in BENCHMARKS.items() if row.trim_seconds} == {"didemo": 30}


@pytest.mark.parametrize("name", WITH_FILES)
def test_every_row_reads_its_native_files(name: str, tmp_path: Path) -> None:
    split = BENCHMARKS[name].reader(source(name, native(name), tmp_path))
    assert type(split) is KINDS[BENCHMARKS[name].tasks[0]]
    if isinstance(split, ClassificationSplit | BaseToNovelSplit):
        assert split.labels[:2] == (0, 1)
        assert len(split.classes) == BENCHMARKS[name].num_classes
    assert all((tmp_path / BENCHMARKS[name].videos) in video.path.parents for video in split.videos)


@pytest.mark.parametrize("name", ["k400", "ssv2", "ucf101", "hmdb51"])
def test_lists_are_told_from_official_files(name: str, tmp_path: Path) -> None:
    native_source = source(name, native(name), tmp_path)
    path = tmp_path / "list.txt"
    path.write_text("Class001/v_b.avi 1\n/x/v_a.avi 0\n")
    (tmp_path / "classInd.txt").write_text("1 Class000\n2 Class001\n")  # beside a list that counts from 0
    split = BENCHMARKS[name].reader(native_source._replace(annotations=path))
    assert [(video.name, label) for video, label in zip(split.videos, split.labels, strict=True)] == [
        ("Class001/v_b.avi", 1),
        ("/x/v_a.avi", 0),
    ]
    assert split.sources == (path,)
    path.write_text("neither\n")
    with pytest.raises(ValueError, match=r"list\.txt, line 1: 'neither': .+ or <path> <label> would be accepted"):
        BENCHMARKS[name].reader(native_source._replace(annotations=path))
    if name != "hmdb51":
        with pytest.raises(ValueError, match=r": a folder; a file with .+ or <path> <label> would be accepted"):
            BENCHMARKS[name].reader(native_source._replace(annotations=tmp_path))


@pytest.mark.parametrize("name", WITH_FILES)
@pytest.mark.parametrize(
    ("content", "found"), [(None, "no"), (b"", "empty"), (b"\r\n \n", "empty"), ("größe 1".encode("latin-1"), "line 1: no UTF-8")]
)
def test_missing_blank_and_foreign_files_are_one_line(name: str, content: bytes | None, found: str, tmp_path: Path) -> None:
    files = native(name)
    reader, asked = BENCHMARKS[name].reader, source(name, files, tmp_path)
    if content is None:
        asked = asked._replace(annotations=tmp_path / "nowhere.txt")
    else:
        (tmp_path / next(iter(files))).write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{tmp_path}/\S+[:,] {found}.* would be accepted$"):
        reader(asked)


@pytest.mark.parametrize("name", WITH_FILES)
def test_damage_is_one_line_or_none(name: str, tmp_path: Path) -> None:
    files, chance = native(name), random.Random(name)
    asked = source(name, files, tmp_path)
    told = []
    for _ in range(60):
        path = tmp_path / chance.choice(list(files)[:4])
        whole = path.read_bytes()
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            start = chance.randrange(min(len(damaged), 300))
            damaged[start : start + chance.choice((0, 1, 1, 9))] = bytes(
                chance.choices(b'\0\xff\n\r"[{]},: -9ax', k=chance.choice((0, 1, 2)))
            )
        path.write_bytes(damaged)
        try:
            BENCHMARKS[name].reader(asked)
        except ValueError as error:
            told.append(str(error))
        path.write_bytes(whole)
    assert told
    assert all(len(line.splitlines()) == 1 and str(tmp_path) in line and line.endswith("would be accepted") for line in told)


@pytest.mark.parametrize(("split", "count"), [("search", 200), ("report", 300)])
@pytest.mark.parametrize("task", BENCHMARKS["demo"].tasks)
def test_the_demo_lies_in_the_package(split: str, count: int, task: str) -> None:
    read = BENCHMARKS["demo"].reader(Source(task, split, Path("nowhere"), Path("nowhere")))
    assert len(read.videos) == len({video.name for video in read.videos}) == count
    assert all(video.path.is_file() for video in read.videos)
    entries = json.loads((demo.ROOT / f"{split}.json").read_text())
    if isinstance(read, RetrievalSplit):
        assert [read.texts[i] for i in range(count) if read.videos_of_text[i] == (i,)] == [entry["caption"] for entry in entries]
    else:
        assert [read.classes[label] for label in read.labels] == [entry["blink"] for entry in entries]
        assert len(read.classes) == BENCHMARKS["demo"].num_classes
