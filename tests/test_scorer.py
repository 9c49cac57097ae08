import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import musiq
from musiq import ImageError, Score, Scorer
from musiq.runtime.torch import TorchRuntime
from tests.conftest import REFERENCE


@pytest.fixture
def scorer(tiny):
    return Scorer.load(tiny)


def test_a_score_says_where_it_came_from(scorer, tiny, photo):
    score = scorer.score(Image.fromarray(photo))
    assert (score.height, score.width) == (300, 451)
    assert score.checkpoint == "tiny-multiscale"
    assert score.weights == tiny.id
    assert score.preprocess == "google-v1/224+384+native/p32/g10"
    assert (score.low, score.high, score.higher_is_better, score.distribution) == (None, None, True, None)
    assert float(score) == score.mos
    with pytest.raises(AttributeError):
        score.mos = 1.0


def test_decoder_notes_reach_the_score(scorer, photo):
    grey = scorer.score(photo[:, :, 0])
    assert grey.notes == ("grey converted to RGB",)


def test_many_keep_their_order_and_bad_ones_are_errors(scorer, reference_scores):
    expected = reference_scores["tiny-multiscale"]["results"]
    paths = [REFERENCE / "images" / f"{name}.png" for name in expected]
    items = [paths[0], "absent.jpg", *paths[1:], b"words"]
    results = list(scorer.score_many(items))
    assert [isinstance(result, ImageError) for result in results] == [
        i in (1, len(items) - 1) for i in range(len(items))
    ]
    assert "absent.jpg" in str(results[1])
    scores = [result.mos for result in results if isinstance(result, Score)]
    np.testing.assert_allclose(scores, [case["mos"] for case in expected.values()], rtol=1e-4)


@pytest.mark.parametrize("tokens_per_batch", [0, 300, 800, 100_000])
def test_batches_under_any_budget_give_the_same_scores(tiny, tokens_per_batch, reference_scores):
    runtime = TorchRuntime(tiny)
    runtime.tokens_per_batch = tokens_per_batch
    names = ("rocket_tall_427x100", "synthetic_31x31", "chelsea_300x451", "synthetic_224x224")
    expected = {name: reference_scores["tiny-multiscale"]["results"][name] for name in names}
    items = ["absent.jpg", *(REFERENCE / "images" / f"{name}.png" for name in expected), "absent.jpg"]
    results = list(Scorer(tiny, runtime).score_many(items))
    np.testing.assert_allclose([r.mos for r in results[1:-1]], [c["mos"] for c in expected.values()], rtol=1e-4)


def test_many_are_taken_lazily(scorer, photo):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield photo

    results = scorer.score_many(endless())
    next(results)
    assert len(taken) < 10


def test_nothing_gives_nothing(scorer):
    assert list(scorer.score_many([])) == []


def test_the_default_puts_a_photo_above_its_degraded_copies(photo):
    from musiq.train.augment import blur, jpeg, noise

    rng = np.random.default_rng(0)
    image = Image.fromarray(photo)
    sharp = musiq.score(image)
    assert 0 <= sharp.mos <= 100
    for spoil in (blur, noise, jpeg):
        assert musiq.score(spoil(image, 0.9, rng)).mos < sharp.mos - 5, spoil.__name__


def test_import_is_light():
    code = (
        "import sys, musiq; print([m for m in ('torch', 'scipy', 'onnxruntime', 'typer', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_sorted_and_there():
    assert musiq.__all__ == sorted(musiq.__all__)
    assert all(hasattr(musiq, name) for name in musiq.__all__)
