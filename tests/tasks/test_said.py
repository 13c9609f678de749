"""What is left of what a model says, on a part of a split, against loops over single videos, texts and questions."""

import numpy as np
import pytest
import torch

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.families import video_side
from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.umt import UMTAnswering, UMTRetrieval
from tldr_search.data.benchmarks.split import AnsweringSplit, BaseToNovelSplit, ClassificationSplit, Question, RetrievalSplit
from tldr_search.tasks import said as module
from tldr_search.tasks.base_to_novel import BaseToNovelTask
from tldr_search.tasks.classification import ClassificationTask
from tldr_search.tasks.prompts import Prompts
from tldr_search.tasks.question_answering import AnsweringTask
from tldr_search.tasks.retrieval import RetrievalTask
from tldr_search.tasks.said import Said, Samples, agreement, fidelity, likeliest, overlap, overlap_of_likeliest, same_direction
from tldr_search.tasks.task import normalise

PART = [5, 0, 3, 6, 2]
"""Of seven videos, in the order in which they are measured: two batches."""
PRESENT = sorted(PART)
REDUCED, UNREDUCED = ("random", (3, 1)), ("none", ())
LABELS, CLASSES, NUM_BASE = (3, 0, 6, 6, 2, 1, 4), tuple("abcdefg"), 4


@pytest.fixture
def compared(run, tmp_path):
    """Runs the task on the part, reduced and not: -> rates of agreement and fidelity."""

    def compare(task, clips):
        unreduced = run(task, clips, of=PART, directory=tmp_path / "unreduced")
        task.reduction = REDUCED
        outcome = run(task, clips, of=PART, directory=tmp_path / "reduced")
        beside = outcome.beside(unreduced.said)
        assert {name: beside.metrics[name] for name in outcome.metrics} == outcome.metrics
        same = unreduced.beside(unreduced.said)
        assert same.metrics["agreement"] == same.metrics["fidelity"] == 100
        for name in ("agreement", "fidelity"):
            assert beside.metrics[name] == pytest.approx(100 * beside.rates[name].hits.mean())
        return beside.rates["agreement"], beside.rates["fidelity"]

    return compare


def outputs(model, protocol, pixels):
    """-> of each video of the part the output, reduced and not."""
    with torch.inference_mode():
        return [[model(normalise(pixels[v], protocol), *how) for v in PRESENT] for how in (REDUCED, UNREDUCED)]


def same(pairs):
    return [float(a == b) for a, b in zip(*pairs, strict=True)]


def variation(p, q):
    """Of two mappings, from what may be said to how likely it is."""
    return sum(abs(p.get(thing, 0) - q.get(thing, 0)) for thing in {*p, *q}) / 2


def softmax(logits):
    powers = np.exp(np.array(logits) - max(logits))
    return (powers / powers.sum()).tolist()


def check(rates, agreed, faithful, names, clusters):
    assert rates[0].hits.tolist() == agreed
    assert rates[1].hits.tolist() == pytest.approx(faithful, abs=1e-5)
    assert min(faithful) < 1
    assert list(rates[0].names) == names
    assert rates[0].clusters.tolist() == clusters
    assert set(rates[1].clusters.tolist()) <= set(PRESENT)


@pytest.mark.parametrize("k_test", [0, 3])
def test_retrieval(k_test, compared, scrambled, umt, words, settings, clips, videos):
    own = ((0,), (0,), (1,), (2,), (3, 4), (3,), (4,), (5,), (6,), (6,), (2, 1))
    letters = np.random.default_rng(3)
    texts = tuple(" ".join(letters.choice(list("abcdefghi"), size=6)) for _ in own)
    model, pixels, tokenize = scrambled(UMTRetrieval, umt), clips(7, umt), words()
    task = RetrievalTask(model, RetrievalSplit(videos(7), (), texts, own), tokenize, settings(), k_test)
    rates = compared(task, pixels)
    found = outputs(model, task.settings.protocol, pixels)
    embedded = [torch.cat([model.embed_video(output.pooled) for output in some]) for some in found]
    left = [t for t, described in enumerate(own) if set(described) & set(PRESENT)]

    def first(some, text):
        ids = tokenize([text])
        scores = [(model.embed_video(output.pooled) @ model.embed_text(ids).T).item() for output in some]
        likely = sorted(range(len(PRESENT)), key=lambda v: -scores[v])[:k_test]
        logits = {v: model.match(model.text_encoder(ids), ids.mask, model.prepare(some[v].tokens)).item() for v in likely}
        return max(logits, key=logits.__getitem__) if k_test else int(np.argmax(scores))

    with torch.inference_mode():
        agreed = same([[first(some, texts[t]) for t in left] for some in found])
    faithful = [(1 + float(a @ b)) / 2 for a, b in zip(*embedded, strict=True)]
    seen = [min(v for v in own[t] if v in PRESENT) for t in left]
    check(rates, agreed, faithful, [f"v{own[t][0]}#{[s for s in range(t + 1) if own[s][0] == own[t][0]].index(t)}" for t in left], seen)


@pytest.mark.parametrize("protocol,views", [("umt", 1), ("swin-ssv2", 3)])
def test_classification(protocol, views, compared, scrambled, umt, settings, clips, videos):
    arch = umt.override(num_classes=7)
    model, pixels = scrambled(video_side, arch), clips(7, arch, views)
    task = ClassificationTask(model, ClassificationSplit(videos(7), (), LABELS, CLASSES), settings(protocol), None)
    rates = compared(task, pixels)
    p = [
        [np.mean([softmax(view.tolist()) for view in output.logits.double()], axis=0) for output in some]
        for some in outputs(model, task.settings.protocol, pixels)
    ]
    faithful = [1 - variation(dict(enumerate(a)), dict(enumerate(b))) for a, b in zip(*p, strict=True)]
    check(rates, same([[int(np.argmax(row)) for row in some] for some in p]), faithful, [f"v{v}" for v in PRESENT], PRESENT)


def test_base_to_novel(compared, scrambled, clip, bytes_tokenizer, settings, clips, videos):
    model, pixels = scrambled(CLIPRetrieval, clip), clips(7, clip)
    split = BaseToNovelSplit(videos(7), (), LABELS, CLASSES, NUM_BASE)
    task = BaseToNovelTask(model, split, settings("vifi-clip"), Prompts(bytes_tokenizer))
    rates = compared(task, pixels)
    p = []
    with torch.inference_mode():
        prompts = [model.embed_text(bytes_tokenizer([f"a photo of a {name}."])) for name in CLASSES]
        for some in outputs(model, task.settings.protocol, pixels):
            p.append([])
            for v, output in zip(PRESENT, some, strict=True):
                rivals = range(NUM_BASE) if LABELS[v] < NUM_BASE else range(NUM_BASE, len(CLASSES))
                scores = [model.classify(model.embed_video(output.pooled), prompts[c]).item() for c in rivals]
                p[-1].append(dict(zip(rivals, softmax(scores), strict=True)))
    faithful = [1 - variation(a, b) for a, b in zip(*p, strict=True)]
    check(rates, same([[max(row, key=row.__getitem__) for row in some] for some in p]), faithful, [f"v{v}" for v in PRESENT], PRESENT)


@pytest.mark.parametrize("at_once", [4096, 2])
def test_question_answering(at_once, compared, scrambled, umt, words, settings, clips, videos, monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", at_once)
    answers = ("a p", "b c", "d o", "b d e", "h i j", "c d e f", "e a", "k l m n", "d o")
    asked = [(0, "a b"), (6, "c d"), (2, "e"), (2, "a b"), (4, "a"), (3, "h"), (5, "f g"), (5, "i"), (0, "b")]
    split = AnsweringSplit(videos(7), (), tuple(Question(f"q{i}", v, text, "b c") for i, (v, text) in enumerate(asked)), answers)
    model, pixels = scrambled(UMTAnswering, umt), clips(7, umt)
    task = AnsweringTask(model, split, words, settings(), 4)
    rates = compared(task, pixels)
    left = [q for q, (v, _) in enumerate(asked) if v in PRESENT]
    ids = TextBatch(*words(5)([f"{answer} [SEP]" for answer in answers]))
    p = []
    with torch.inference_mode():
        for some in outputs(model, task.settings.protocol, pixels):
            p.append([])
            for q in left:
                question = words(25)([asked[q][1]])
                states = model.question_states(question, some[PRESENT.index(asked[q][0])].tokens)
                found = model.rank_answers(states, question.mask, ids, 4)
                p[-1].append(dict(zip(found.answers[0].tolist(), softmax(found.scores[0].tolist()), strict=True)))
    agreed = same([[answers[max(row, key=row.__getitem__)] for row in some] for some in p])
    faithful = [1 - variation(a, b) for a, b in zip(*p, strict=True)]
    check(rates, agreed, faithful, [f"q{q}" for q in left], [asked[q][0] for q in left])


def test_by_hand():
    of, whole = Samples(("a", "b", "c"), np.arange(3)), torch.tensor([[0.5, 0.5, 0], [0, 0.25, 0.75], [1, 0, 0]])
    other = torch.tensor([[0.5, 0.5, 0], [0.75, 0.25, 0], [0, 0.5, 0.5]])
    some, others = (Said(np.array(best), of, p, of, overlap) for best, p in (([0, 2, 0], whole), ([0, 0, 1], other)))
    assert agreement(some, others).hits.tolist() == [1, 0, 0]
    assert fidelity(some, others).hits.tolist() == [1, 0.25, 0]
    order = torch.tensor([[1, 0], [2, 1], [0, 2]])
    likely = likeliest(order, whole.gather(1, order)), likeliest(order.flip(1), other.gather(1, order.flip(1)))
    assert overlap_of_likeliest(*likely).tolist() == [1, 1 - (0.75 + 0) / 2, 1 - (1 + 0.5) / 2]
    turned = torch.tensor([[1.0, 0], [1, 0], [2, 0]]), torch.tensor([[1.0, 0], [-1, 0], [0, 3]])
    assert same_direction(*turned).tolist() == [1, 0, 0.5]


def test_parts_without_what_is_needed(run, scrambled, umt, clip, words, bytes_tokenizer, settings, clips, videos, tmp_path):
    split = BaseToNovelSplit(videos(7), (), LABELS, CLASSES, NUM_BASE)
    task = BaseToNovelTask(scrambled(CLIPRetrieval, clip), split, settings("vifi-clip"), Prompts(bytes_tokenizer))
    accepted = "a larger part of the split would be accepted"
    with pytest.raises(ValueError, match=f"no video of a novel class is left; {accepted}"):
        run(task, clips(7, clip), of=[0, 1, 4], directory=tmp_path / "a")
    asked = AnsweringSplit(videos(7), (), (Question("q", 3, "a", "b"),), ("b", "c"))
    with pytest.raises(ValueError, match=f"no question is about the 3 videos; {accepted}"):
        run(AnsweringTask(scrambled(UMTAnswering, umt), asked, words, settings(), 1), clips(7, umt), of=[0, 1, 4], directory=tmp_path / "b")
    told = RetrievalSplit(videos(7), (), ("a",), ((3,),))
    with pytest.raises(ValueError, match=f"no text describes one of the 3 videos; {accepted}"):
        run(
            RetrievalTask(scrambled(UMTRetrieval, umt), told, words(), settings(), 0), clips(7, umt), of=[0, 1, 4], directory=tmp_path / "c"
        )
