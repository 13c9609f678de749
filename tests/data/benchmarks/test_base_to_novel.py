"""ViFi-CLIP's base-to-novel evaluations."""

from __future__ import annotations

import pytest

from tldr_search.data.benchmarks import base_to_novel

FILES = {
    "base_val.txt": "v_ApplyEyeMakeup_g01_c01.avi 1\r\nv_Typing_g01_c01.avi 0\r\n",
    "novel_val.txt": "v_HandstandPushups_g01_c01.avi 0\nv_Surfing_g02_c01.avi 2\nv_PullUps_g01_c01.avi 1\n",
    "ucf_101_base_labels.csv": "id,name\r\n0,Typing\r\n1,ApplyEyeMakeup\r\n",
    "ucf_101_novel_labels.csv": 'id,name\r\n0,HandstandPushups\r\n1,"Pull, Ups"\r\n2,Surfing\r\n',
}


def test_each_list_has_labels_of_its_own(annotate, videos) -> None:
    root = videos("HandstandPushups/v_HandStandPushups_g01_c01.avi", "v_Surfing_g02_c01.avi", "PullUps/v_PullUps_g01_c01.avi")
    source = annotate(FILES, folder=True, num_classes=5)
    split = base_to_novel.read(source)
    names = [line.split()[0] for name in ("base_val.txt", "novel_val.txt") for line in FILES[name].splitlines()]
    assert [video.name for video in split.videos] == names
    assert [video.path for video in split.videos] == [root / name for name in names]
    assert split.classes == ("Typing", "ApplyEyeMakeup", "HandstandPushups", "Pull, Ups", "Surfing")
    assert split.labels == (1, 0, 2, 4, 3)
    assert split.num_base == 2
    assert {path.name for path in split.sources} == set(FILES)
    found = base_to_novel.read(source, by_name=True)
    assert [str(video.path.relative_to(root)) for video in found.videos] == [
        *names[:2],
        "HandstandPushups/v_HandStandPushups_g01_c01.avi",
        names[3],
        "PullUps/v_PullUps_g01_c01.avi",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_val.txt": "a.avi 2\n"}, "base_val.txt, line 1: 'a.avi 2': <path> <label>, labels from 0 to 1,"),
        ({"novel_val.txt": "a.avi 0\na.avi 3\n"}, "novel_val.txt, line 2: 'a.avi 3': <path> <label>, labels from 0 to 2,"),
        ({"novel_val.txt": FILES["base_val.txt"]}, "a video that is not in base_val.txt, line 1, already"),
        ({"base_val.txt": None}, "base_val.txt: no such file; <path> <label>"),
        ({"ucf_101_base_labels.csv": None}, "annotations: 0 files *base_labels.csv; one"),
        ({"hmdb_51_novel_labels.csv": "id,name\n0,a\n"}, "annotations: 2 files *novel_labels.csv; one"),
        ({"ucf_101_base_labels.csv": "id,name\n0,a\n"}, "annotations: 1 base and 3 novel classes; 5 in all"),
    ],
)
def test_malformed_folders(annotate, change: dict[str, str | None], message: str) -> None:
    files = {name: content for name, content in {**FILES, **change}.items() if content is not None}
    with pytest.raises(ValueError) as error:
        base_to_novel.read(annotate(files, folder=True, num_classes=5))
    assert message in str(error.value)
    assert str(error.value).endswith("would be accepted")


def test_a_file_is_no_folder(annotate) -> None:
    with pytest.raises(ValueError, match=r"base_val\.txt: no folder; one with base_val\.txt, novel_val\.txt, .* would be accepted"):
        base_to_novel.read(annotate(FILES))
