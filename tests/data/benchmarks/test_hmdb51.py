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
