"""Lists of `<path> <label>`."""

from __future__ import annotations

import pytest

from tldr_search.data.benchmarks import path_label_list


def test_paths_verbatim_or_below_the_videos_folder(annotate) -> None:
    text = "\ufeff/data/k400/a b  c.mp4 2\r\nval/x.webm\t0\r\n  y.avi 0  \r\n\r\n"
    source = annotate({"val.csv": text}, num_classes=3)
    split = path_label_list.read(source)
    assert [video.name for video in split.videos] == ["/data/k400/a b  c.mp4", "val/x.webm", "y.avi"]
    assert [str(video.path) for video in split.videos] == ["/data/k400/a b  c.mp4", f"{source.videos}/val/x.webm", f"{source.videos}/y.avi"]
    assert split.labels == (2, 0, 0)
    assert split.classes == ()
    assert split.sources == (source.annotations,)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", 'id,name\r\n2,Turning\r\n0,"Removing something, revealing something"\r\n1,doesn\'t move\r\n\r\n'),
        ("label_map_k400.txt", "Removing something, revealing something\ndoesn't move\nTurning\n"),
    ],
)
def test_class_names_beside_the_list(annotate, name: str, text: str) -> None:
    source = annotate({"val.txt": "a.mp4 2\n", name: text}, num_classes=3)
    split = path_label_list.read(source)
    assert split.classes == ("Removing something, revealing something", "doesn't move", "Turning")
    assert split.sources == (source.annotations, source.annotations.with_name(name))


@pytest.mark.parametrize(
    "line", ["abc", "3", "a.mp4 3", "a.mp4 -1", "a.mp4 1.0", "a.mp4 ²", "a.mp4 0_1", "a.mp4,1", "a.mp4 9999999999", "a\0.mp4 1"]
)
def test_malformed_lines(annotate, line: str) -> None:
    source = annotate({"val.csv": f"x.mp4 0\n\n{line}\n"}, num_classes=3)
    with pytest.raises(ValueError) as error:
        path_label_list.read(source)
    assert str(error.value).startswith(f"{source.annotations}, line 3: {line!r}: <path> <label>")
    assert str(error.value).endswith("would be accepted")


def test_any_label_where_the_number_of_classes_is_unknown(annotate) -> None:
    assert path_label_list.read(annotate({"val.csv": "x.mp4 999\n"})).labels == (999,)
    with pytest.raises(ValueError, match=r"'x\.mp4 999': <path> <label>, labels from 0 to 1, would be accepted"):
        path_label_list.read(annotate({"val.csv": "x.mp4 999\n", "label_map.txt": "a\nb\n"}))


@pytest.mark.parametrize("again", ["a.mp4 1", "a.mp4 0"])
def test_a_video_counts_once(annotate, again: str) -> None:
    with pytest.raises(ValueError, match=r"val\.csv, line 3: '.*': a video that is not in val\.csv, line 1, already would be accepted"):
        path_label_list.read(annotate({"val.csv": f"a.mp4 1\nb.mp4 1\n{again}\n"}))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"labels.csv": "name,id\na,0\nb,1\n"}, "labels.csv, line 1: 'name,id': id,name (names with commas in quotes)"),
        ({"labels.csv": "id,name\n0,a\n0,b\n"}, "labels.csv, line 3: '0,b': each id from 0 to 1 once"),
        ({"labels.csv": "id,name\n0,a\n2,b\n"}, "labels.csv, line 3: '2,b': each id from 0 to 1 once"),
        ({"labels.csv": "id,name\n0,a\nx,b\n"}, "labels.csv, line 3: 'x,b': id,name"),
        ({"labels.csv": "id,name\n0,a\n1\n"}, "labels.csv, line 3: '1': id,name"),
        ({"labels.csv": "id,name\n0,a\n1,\n"}, "labels.csv, line 3: '1,': id,name"),
        ({"labels.csv": "id,name\n0,a\n1,b, c\n"}, "labels.csv, line 3: '1,b, c': id,name"),
        ({"labels.csv": 'id,name\n0,a\n1,"b\n'}, "labels.csv, line 3: '1,\"b': id,name"),
        ({"labels.csv": 'id,name\n0,"a\n1,b"\n'}, "labels.csv, line 2: '0,\"a': id,name"),
        ({"labels.csv": "id,name\n0,a\n"}, "labels.csv: 1 names; 2"),
        ({"label_map.txt": "a\nb\nc\n"}, "label_map.txt: 3 names; 2"),
        ({"label_map.txt": "a\nb\n", "label_map_2.txt": "a\nb\n"}, "label_map.txt, label_map_2.txt; one label map, or labels.csv,"),
    ],
)
def test_malformed_class_names(annotate, files: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError) as error:
        path_label_list.read(annotate({"val.csv": "a.mp4 1\n", **files}, num_classes=2))
    assert message in str(error.value)
    assert str(error.value).endswith("would be accepted")
