"""Retrieval against the published protocol written as loops over single videos, texts and pairs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.data.benchmarks.split import RetrievalSplit
from tldr_search.tasks.gallery import BothWays, Gallery
from tldr_search.tasks.retrieval import RetrievalTask
from tldr_search.tasks.task import normalise

ONE_EACH = tuple((v,) for v in range(7))
SEVERAL_TEXTS = ((0,), (0,), (0,), (1,), (2,), (2,), (3,), (4,), (4,), (5,), (6,), (6,))
SEVERAL_VIDEOS = ((3, 0), (1, 5, 6), (2,), (4,))
SCHEDULE = ("vid-tldr", (2, 1))


def split(owners, videos):
    letters = np.random.default_rng(3)
    texts = tuple(", ".join(letters.choice(list("ABCdefghi"), size=letters.integers(1, 8))) + "!" for _ in owners)
    return RetrievalSplit(videos(7), (), texts, owners)


def percent(ranks, k):
    return 100 * sum(rank < k for rank in ranks) / len(ranks)


def ranks(scores, owned):
    """Queries x candidates; best position of the owned ones in the sorted list. The worst place among equals."""
    return [min(sum(s >= row[o] for c, s in enumerate(row) if c not in own) for o in own) for row, own in zip(scores, owned, strict=True)]


def metrics(t2v, v2t, own, texts, prefix=""):
    found = {}
    described = [[text for text, videos in zip(texts, own, strict=True) if v in videos] for v in range(len(v2t))]
    by_video = [[t for t, text in enumerate(texts) if text in words] for words in described]
    both = {"t2v": ranks(np.transpose(t2v).tolist(), own), "v2t": ranks(np.array(v2t).tolist(), by_video)}
    for way, positions in both.items():
        found |= {f"{prefix}{way}_r{k}": percent(positions, k) for k in (1, 5, 10)}
        found |= {f"{prefix}{way}_mdr": np.median(positions) + 1, f"{prefix}{way}_mnr": np.mean(positions) + 1}
    return found | {f"{prefix}mean_r{k}": (percent(both["t2v"], k) + percent(both["v2t"], k)) / 2 for k in (1, 5, 10)}


def most(row, k):
    return sorted(range(len(row)), key=lambda i: -row[i])[:k]


@torch.inference_mode()
def published(model, data, tokenize, clips, protocol, k_test, present):
    """Everything one at a time -> metrics, and the logits of the pairs that are looked at."""
    outputs = [model(normalise(clips[v], protocol), *SCHEDULE) for v in present]
    own = [[present.index(v) for v in videos if v in present] for videos in data.videos_of_text]
    strings = [t.replace(",", "").replace("!", "").lower() for t, left in zip(data.texts, own, strict=True) if left]
    texts = [tokenize([t]) for t in strings]
    own = [left for left in own if left]
    similarity = [[(model.embed_video(o.pooled) @ model.embed_text(t).T).item() for t in texts] for o in outputs]
    if not k_test:
        return metrics(similarity, similarity, own, strings), {}
    t2v, v2t = np.full((2, len(outputs), len(texts)), -100.0)
    logit = lambda v, t: model.match(model.text_encoder(texts[t]), texts[t].mask, model.prepare(outputs[v].tokens)).item()  # noqa: E731
    for v, row in enumerate(similarity):
        for t in most(row, k_test):
            v2t[v, t] = logit(v, t)
    for t, column in enumerate(zip(*similarity, strict=True)):
        for v in most(column, k_test):
            t2v[v, t] = logit(v, t)
    return metrics(t2v, v2t, own, strings) | metrics(similarity, similarity, own, strings, "itc_"), np.maximum(t2v, v2t)


@pytest.fixture
def model(scrambled, umt):
    model = scrambled(UMTRetrieval, umt)
    model.itm_head.bias.fill_(-20)  # logits below 0, as those of most pairs
    return model


def check_logits(tmp_path, expected):
    files = sorted((tmp_path / "store").glob("pairs-*/*"))
    found = torch.cat([load_file(file)["values"] for file in files])
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)


def make(model, data, words, settings, k_test, **changes):
    task = RetrievalTask(model, data, words(), settings(**changes), k_test)
    task.reduction = SCHEDULE
    return task


@pytest.mark.parametrize("k_test", [0, 1, 3, 128])
@pytest.mark.parametrize("owners", [ONE_EACH, SEVERAL_TEXTS, SEVERAL_VIDEOS])
def test_as_published(owners, k_test, run, model, umt, words, settings, clips, videos, tmp_path):
    data, pixels = split(owners, videos), clips(7, umt)
    task = make(model, data, words, settings, k_test)
    outcome = run(task, pixels)
    expected, logits = published(model, data, words(), pixels, task.settings.protocol, k_test, list(range(7)))
    assert outcome.metrics == pytest.approx(expected)
    if k_test:
        check_logits(tmp_path, logits)
    for name, rate in outcome.rates.items():
        assert 100 * rate.hits.mean() == pytest.approx(outcome.metrics[name])
        ranking, _, k = name.rpartition("_r")
        assert (outcome.columns[f"{ranking}_rank"] <= int(k)).tolist() == rate.hits.tolist()


@pytest.mark.parametrize("k_test", [0, 1, 3])
def test_equal_texts_as_published_but_for_ties(k_test, run, model, umt, words, settings, clips, videos):
    texts = ("A b!", "a, b", "c", "C!", "d e", "f", "a b", "")
    data, pixels = RetrievalSplit(videos(7), (), texts, ((0,), (1,), (2,), (2,), (3,), (4,), (5, 6), (6,))), clips(7, umt)
    task = make(model, data, words, settings, k_test)
    outcome = run(task, pixels)
    expected, _ = published(model, data, words(), pixels, task.settings.protocol, k_test, list(range(7)))
    assert outcome.metrics == pytest.approx(expected)
    assert outcome.columns["t2v_num_equal"].tolist() == [3, 3, 2, 2, 1, 1, 3, 1]


def test_equal_texts_by_hand(videos):
    data = RetrievalSplit(videos(3), (), ("a dog", "a dog", "a cat"), ((0,), (1,), (2,)))
    perfect = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    outcome = Gallery(data, torch.arange(3), data.texts).outcome({"": BothWays(perfect, perfect)}, torch.eye(3))
    assert outcome.columns["v2t_rank"].tolist() == [1, 1, 1]
    assert outcome.columns["t2v_rank"].tolist() == [2, 2, 1]  # a text is not told which of the two videos is meant
    left = Gallery(data, torch.tensor([0, 2]), data.texts).outcome({"": BothWays(perfect[::2, ::2], perfect[::2, ::2])}, torch.eye(2))
    assert left.columns["t2v_num_equal"].tolist() == [1, 1]


def test_excluded_videos_leave_and_so_do_texts_of_nothing_else(run, model, umt, words, settings, clips, videos, tmp_path):
    data, pixels = split(SEVERAL_VIDEOS, videos), clips(7, umt)
    task = make(model, data, words, settings, 2, exclude=True)
    outcome = run(task, pixels, bad=(2, 3, 5))
    expected, logits = published(model, data, words(), pixels, task.settings.protocol, 2, [0, 1, 4, 6])
    assert outcome.metrics == pytest.approx(expected)
    check_logits(tmp_path, logits)
    assert outcome.columns["t2v_name"].tolist() == ["v3#0", "v1#0", "v4#0"]  # a name says nothing of what was excluded
    assert outcome.columns["v2t_name"].tolist() == ["v0", "v1", "v4", "v6"]
    assert outcome.rates["t2v_r1"].clusters.tolist() == [0, 1, 4]


def test_names_and_clusters_of_texts(run, model, umt, words, settings, clips, videos):
    outcome = run(make(model, split(SEVERAL_TEXTS, videos), words, settings, 2), clips(7, umt))
    hits = outcome.columns["t2v_predicted"] == [f"v{v}" for (v,) in SEVERAL_TEXTS]
    assert hits.tolist() == (outcome.columns["t2v_rank"] == 1).tolist()
    hits = [
        text.startswith(f"{video}#") for video, text in zip(outcome.columns["v2t_name"], outcome.columns["itc_v2t_predicted"], strict=True)
    ]
    assert hits == (outcome.columns["itc_v2t_rank"] == 1).tolist()
    assert outcome.rates["t2v_r5"].names[:5] == ("v0#0", "v0#1", "v0#2", "v1#0", "v2#0")
    assert outcome.rates["itc_t2v_r5"].clusters.tolist() == [v for (v,) in SEVERAL_TEXTS]
    assert outcome.estimate("mean_r1").value == pytest.approx(outcome.metrics["mean_r1"])


def test_a_second_run_computes_nothing_anew(run, model, umt, words, settings, clips, videos, tmp_path):
    data, pixels = split(SEVERAL_TEXTS, videos), clips(7, umt)
    calls = []
    model.vision_encoder.encoder.register_forward_hook(lambda *_: calls.append("video"))
    model.itm_head.register_forward_hook(lambda *_: calls.append("pairs"))
    first = run(make(model, data, words, settings, 2), pixels)
    assert set(calls) == {"video", "pairs"}
    calls.clear()
    second = run(make(model, data, words, settings, 2), pixels)
    assert not calls
    assert second.metrics == first.metrics
    assert all((second.columns[name] == column).all() for name, column in first.columns.items())
    third = run(make(model, data, words, settings, 3), pixels)
    assert set(calls) == {"pairs"}  # other candidates, the same videos
    assert third.metrics == run(make(model, data, words, settings, 3), pixels, directory=tmp_path / "other").metrics
    pairs = [path.parent.name for path in Path(tmp_path / "store").glob("pairs-*/*")]
    assert len(set(pairs)) == 2


def test_an_interrupted_second_pass_goes_on(run, model, umt, words, settings, clips, videos, tmp_path):
    data, pixels = split(SEVERAL_TEXTS, videos), clips(7, umt)
    whole = run(make(model, data, words, settings, 2), pixels)
    finished = sorted((tmp_path / "store").glob("pairs-*/*"))
    assert len(finished) == 3
    finished[1].unlink()
    calls = []
    model.text_encoder.encoder["layer"][2].crossattention.register_forward_hook(lambda *_: calls.append(1))
    assert run(make(model, data, words, settings, 2), pixels).metrics == whole.metrics
    assert len(calls) == 3  # its three videos


def test_without_the_head_or_candidates_there_is_one_ranking(run, scrambled, umt, words, settings, clips, videos, tmp_path):
    arch = umt.override(text=umt.text.__class__(16, 2, 2, umt.text.vocab_size, 30))
    outcome = run(make(scrambled(UMTRetrieval, arch), split(ONE_EACH, videos), words, settings, 128), clips(7, umt))
    assert not any(name.startswith("itc_") for name in outcome.metrics)
    assert not list((tmp_path / "store").glob("pairs-*"))


def test_clip_reads_texts_as_annotated(run, scrambled, clip, bytes_tokenizer, settings, clips, videos):
    model, pixels = scrambled(CLIPRetrieval, clip), clips(7, clip)
    data = RetrievalSplit(videos(7), (), ("A!", "a", "A", "b, B", "c", "C", "d-d"), ONE_EACH)
    task = RetrievalTask(model, data, bytes_tokenizer, settings("clip"), 128)
    outcome = run(task, pixels)
    with torch.inference_mode():
        features = [model.embed_video(model(normalise(clip, task.settings.protocol)).pooled) for clip in pixels]
        similarity = [[(f @ model.embed_text(bytes_tokenizer([t])).T).item() for t in data.texts] for f in features]
    assert outcome.metrics == pytest.approx(metrics(similarity, similarity, ONE_EACH, data.texts))


def test_several_views_are_refused(model, words, settings, videos):
    with pytest.raises(ValueError, match="protocol swin-ssv2 cuts 3 views out of a video; one of a single view"):
        make(model, split(ONE_EACH, videos), words, settings, 2, protocol="swin-ssv2")
