"""Kinetics' official CSV files."""

from __future__ import annotations

import pytest

from tldr_search.data.benchmarks import kinetics_csv

HEADER = "label,youtube_id,time_start,time_end,split,is_cc\r\n"
TRAIN = HEADER + "".join(f'"{name}",id{i},0,10,train,0\r\n' for i, name in enumerate(["yoga", "air drumming", "abseiling", "zumba"]))
VAL = HEADER + '"air drumming",-3B32lodo2M,59,69,val,0\r\nabseiling,"#NAME?",1004.0,1014,val,1\r\nyoga,_q,7,17,val,0\r\n\r\n'
NAMES = ["-3B32lodo2M_000059_000069", "#NAME?_001004_001014", "_q_000007_000017"]


def test_labels_are_ranks_among_the_train_classes(annotate) -> None:
    source = annotate({"val.csv": "\ufeff" + VAL, "train.csv": TRAIN}, num_classes=4)
    split = kinetics_csv.read(source)
    assert [video.name for video in split.videos] == NAMES
    assert split.classes == ("abseiling", "air drumming", "yoga", "zumba")
    assert split.labels == (1, 0, 2)
    assert split.sources == (source.annotations, source.annotations.with_name("train.csv"))
    assert [video.path for video in split.videos] == [source.videos / f"{name}.mp4" for name in NAMES]


def test_or_of_the_file_itself(annotate) -> None:
    text = VAL.replace("yoga", '"""massaging person\'s head"""')
    split = kinetics_csv.read(annotate({"val.csv": text, "train.csv": "/data/a.mp4 0\n"}, num_classes=3))
    assert split.classes == ("abseiling", "air drumming", "massaging person's head")
    assert split.labels == (1, 0, 2)
    with pytest.raises(ValueError, match=r"val\.csv: 3 classes; 4, or Kinetics' train\.csv with all of them beside it, would be accepted"):
        kinetics_csv.read(annotate({"val.csv": VAL}, num_classes=4))


def test_clips_lie_flat_or_by_class_or_by_split(annotate, videos) -> None:
    root = videos(f"air_drumming/{NAMES[0]}.mkv", f"val/{NAMES[1]}.webm", f"val/yoga/{NAMES[2]}.avi", "val/yoga/readme.txt")
    split = kinetics_csv.read(annotate({"val.csv": VAL}))
    assert [str(video.path.relative_to(root)) for video in split.videos] == [
        f"air_drumming/{NAMES[0]}.mkv",
        f"val/{NAMES[1]}.webm",
        f"val/yoga/{NAMES[2]}.avi",
    ]
    videos(f"{NAMES[0]}.mp4", f"val/{NAMES[0]}.mp4", f"{NAMES[1].lower()}.mp4")
    paths = [video.path for video in kinetics_csv.read(annotate({"val.csv": VAL})).videos]
    assert paths[0] == root / f"{NAMES[0]}.mp4"
    assert paths[1] == root / "val" / f"{NAMES[1]}.webm"  # ids differ by case


@pytest.mark.parametrize("folder", ["val", "validate", "file", "column"])
def test_folders_of_a_split_that_is_asked_for_by_its_file(annotate, videos, folder: str) -> None:
    clips = [f"{folder}/{NAMES[0]}.mp4", f"{folder}/abseiling/{NAMES[1]}.mp4"]
    root = videos(*clips)
    split = kinetics_csv.read(annotate({"k400/file.csv": VAL.replace(",val,", ",column,")}, split="k400/file.csv"))
    assert [video.path for video in split.videos[:2]] == [root / clip for clip in clips]


@pytest.mark.parametrize("header", [HEADER.replace("split", "part"), HEADER])
def test_a_split_column_is_not_needed(annotate, videos, header: str) -> None:
    root = videos(f"val/{NAMES[0]}.mp4")
    split = kinetics_csv.read(annotate({"val.csv": header + "yoga,-3B32lodo2M,59,69,,0\n"}))
    assert split.videos[0].path == root / f"val/{NAMES[0]}.mp4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("youtube_id,time_start,time_end,split\na,0,10,test\n", "test.csv: no labels, as in Kinetics' test split; a split with labels"),
        (HEADER + "-1,a,0,10,test,0\n", "test.csv, line 2: '-1,a,0,10,test,0': a label, which Kinetics' test split has not,"),
        (HEADER + ",a,0,10,test,0\n", "test.csv, line 2: ',a,0,10,test,0': a label, which Kinetics' test split has not,"),
        (HEADER + "yoga,a,0\n", "test.csv, line 2: 'yoga,a,0': 6 fields, as in the header,"),
        (HEADER + "yoga,a,zero,10,test,0\n", "test.csv, line 2: 'yoga,a,zero,10,test,0': times in seconds"),
        (HEADER + "yoga,a,nan,10,test,0\n", "line 2: 'yoga,a,nan,10,test,0': times in seconds"),
        (HEADER + "yoga,a,0,inf,test,0\n", "line 2: 'yoga,a,0,inf,test,0': times in seconds"),
        (HEADER + "yoga,a,20,10,test,0\n", "line 2: 'yoga,a,20,10,test,0': Kinetics' label,youtube_id,time_start,time_end"),
        (HEADER + "yoga,,0,10,test,0\n", "line 2: 'yoga,,0,10,test,0': Kinetics' label,youtube_id,time_start,time_end"),
        (HEADER + 'yoga,"a,0,10,test,0\n', "line 2: 'yoga,\"a,0,10,test,0': Kinetics' label"),
        (HEADER + "jogging,a,0,10,test,0\n", "line 2: 'jogging,a,0,10,test,0': a label of train.csv"),
        (
            HEADER + "yoga,a,0,10,test,0\nyoga,a,0,10,test,0\n",
            "line 3: 'yoga,a,0,10,test,0': a video that is not in test.csv, line 2, already",
        ),
        (HEADER, "test.csv, line 1: 'label,youtube_id,time_start,time_end,split,is_cc': Kinetics' label,youtube_id"),
        ("label,youtube_id\nyoga,a\n", "test.csv, line 1: 'label,youtube_id': Kinetics' label,youtube_id,time_start,time_end"),
    ],
)
def test_malformed_rows(annotate, text: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        kinetics_csv.read(annotate({"test.csv": text, "train.csv": TRAIN}))
    assert message in str(error.value)
    assert str(error.value).endswith("would be accepted")
