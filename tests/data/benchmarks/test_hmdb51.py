"""HMDB51's official splits."""

from __future__ import annotations

import pytest

from tldr_search.data.benchmarks import hmdb51

FILES = {
    "wave_test_split1.txt": "b(#1)_wave_0.avi 2 \r\na_wave_1.avi 1 \r\nc_wave.avi 0 \r\n\r\n",
    "wave_test_split2.txt": "b(#1)_wave_0.avi 1 \r\na_wave_1.avi 2 \r\n",
    "brush_hair_test_split1.txt": "x_[NEW!]_brush_hair_0.avi 2\ny_brush_hair.avi 1\n",
    "brush_hair_test_split2.txt": "x_[NEW!]_brush_hair_0.avi 1\ny_brush_hair.avi 0\n",
    "readme.txt": "no split\n",
}


@pytest.mark.parametrize(
    ("split", "names", "labels"),
    [
        ("test1", ["brush_hair/x_[NEW!]_brush_hair_0.avi", "wave/b(#1)_wave_0.avi"], (0, 1)),
        ("train1", ["brush_hair/y_brush_hair.avi", "wave/a_wave_1.avi"], (0, 1)),
        ("test2", ["wave/a_wave_1.avi"], (1,)),
    ],
)
def test_marks_say_which_split(annotate, videos, split: str, names: list[str], labels: tuple[int, ...]) -> None:
    root = videos("wave/b(#1)_wave_0.avi", "a_wave_1.avi")  # extracted by class, or flat
    source = annotate(FILES, folder=True, split=split, num_classes=2)
    read = hmdb51.read(source)
    assert [video.name for video in read.videos] == names
    flat = "wave/a_wave_1.avi"
    assert [video.path for video in read.videos] == [root / ("a_wave_1.avi" if name == flat else name) for name in names]
    assert read.labels == labels
    assert read.classes == ("brush hair", "wave")
    assert [path.name for path in read.sources] == [f"{name}_test_split{split[-1]}.txt" for name in ("brush_hair", "wave")]


PAIRS = ("climb", "climb_stairs", "kick", "kick_ball", "sword", "sword_exercise")


def test_classes_are_in_the_order_of_their_names(annotate) -> None:
    read = hmdb51.read(annotate({f"{name}_test_split1.txt": f"{name}.avi 2\n" for name in PAIRS}, folder=True, split="test1"))
    assert [video.name for video in read.videos] == [f"{name}/{name}.avi" for name in PAIRS]
    assert read.labels == tuple(range(6))
    assert read.classes == ("climb", "climb stairs", "kick", "kick ball", "sword", "sword exercise")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("labels.csv", "id,name\n4,sword exercise\n5,sword\n0,climb stairs\n1,climb\n2,kick ball\n3,kick\n"),
        ("label_map_hmdb51.txt", "climb stairs\nclimb\nkick ball\nkick\nsword exercise\nsword\n"),
    ],
)
def test_or_as_a_list_beside_the_files_says(annotate, file: str, text: str) -> None:
    files = {f"{name}_test_split1.txt": f"{name}.avi 2\n" for name in PAIRS}
    read = hmdb51.read(annotate({**files, file: text}, folder=True, split="test1", num_classes=6))
    assert {video.name.partition("/")[0]: label for video, label in zip(read.videos, read.labels, strict=True)} == {
        "climb_stairs": 0,
        "climb": 1,
        "kick_ball": 2,
        "kick": 3,
        "sword_exercise": 4,
        "sword": 5,
    }
    assert read.classes == ("climb stairs", "climb", "kick ball", "kick", "sword exercise", "sword")
    assert read.sources[-1].name == file


@pytest.mark.parametrize(
    ("change", "split", "message"),
    [
        ({"wave_test_split1.txt": "a.avi 1\nb.avi 3\n"}, "test1", "wave_test_split1.txt, line 2: 'b.avi 3': <file> 0, 1 or 2"),
        ({"wave_test_split1.txt": "2\n"}, "test1", "wave_test_split1.txt, line 1: '2': <file> 0, 1 or 2"),
        (
            {"wave_test_split1.txt": "a.avi 2\na.avi 2\n"},
            "test1",
            "line 2: 'a.avi 2': a video that is not in wave_test_split1.txt, line 1, already",
        ),
        ({"wave_test_split1.txt": ""}, "test1", "wave_test_split1.txt: empty; <file> 0, 1 or 2"),
        ({"run_test_split1.txt": "r.avi 2\n"}, "test1", "annotations: 3 files <class>_test_split1.txt; 2"),
        ({"labels.csv": "id,name\n0,wave\n1,brush\n"}, "test1", "labels.csv: 'brush'; every class that has a file, once,"),
        ({"label_map.txt": "wave\nwave\n"}, "test1", "label_map.txt: 'wave'; every class that has a file, once,"),
        ({"label_map.txt": "wave\n"}, "test1", "label_map.txt: 1 names; 2"),
        ({}, "test3", "annotations: 0 files <class>_test_split3.txt; 2"),
        ({"wave_test_split2.txt": "a.avi 1\n"}, "test2", "annotations: no video of test2; some marked 2"),
        ({}, "val", "split 'val' of"),
    ],
)
def test_malformed_folders(annotate, change: dict[str, str], split: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        hmdb51.read(annotate({**FILES, **change}, folder=True, split=split, num_classes=2))
    assert message in str(error.value)
    assert str(error.value).endswith("would be accepted")
