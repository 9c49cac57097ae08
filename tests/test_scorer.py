import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import musiq
from musiq import ImageError, Score, Scorer
from musiq import scorer as module
from musiq.checkpoint import Checkpoint
from musiq.config import ModelConfig
from musiq.distortions import LEVELS, distort
from musiq.patches import patch_sequence, spread
from musiq.runtime.openvino import OpenVinoRuntime
from musiq.runtime.torch import TorchRuntime
from musiq.scores import Calibration, Population, ScoreRange
from tests.conftest import REFERENCE, random_weights

LONG = 20  # seconds that a test waits for what must happen


class FakeRuntime:
    """The logit of an image is its top left red; a test says what happens on the way, and how much memory it takes."""

    name, precision = "fake", "fp32"

    def __init__(self, meanwhile=lambda images: None, *, parallel=True, tokens_per_batch=0, bytes_per_token=1000):
        self.meanwhile, self.tokens_per_batch, self.bytes_per_token = meanwhile, tokens_per_batch, bytes_per_token
        self.one_core = self if parallel else None

    def logits(self, images):
        self.meanwhile(images)
        return np.array([[colour(image)] for image in images], np.float32)


def colour(sequence):
    return int(sequence.image[0, 0, 0])


def plain(red, side=64):
    """A picture of one colour."""
    return np.full((side, side, 3), red, np.uint8)


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


def test_a_checkpoint_that_knows_says_how_good_and_how_sure(photo):
    model = ModelConfig(width=24, depth=1, mlp=48, outputs=2)
    checkpoint = Checkpoint(
        "sure",
        random_weights(model),
        model,
        score=ScoreRange(0, 100, factor=100),
        population=Population("three", (-1000.0, 0.0, 1000.0)),
        calibration=Calibration(0.9, 2.0, "some photos"),
    )
    scorer = Scorer.load(checkpoint, runtime="torch")
    score = scorer.score(photo)
    value, log_spread = scorer.runtime.logits([patch_sequence(photo, checkpoint.patches)])[0].tolist()
    assert score.mos == pytest.approx(100 * value)
    half = 2 * 100 * np.exp(log_spread)
    assert score.interval == pytest.approx((score.mos - half, score.mos + half))
    assert score.coverage == 0.9
    assert score.percentile == pytest.approx(50 + score.mos / 20)
    assert score.band == ScoreRange(0, 100).band(score.mos)


def test_a_checkpoint_that_does_not_know_says_nothing(scorer, photo):
    score = scorer.score(photo)
    assert (score.interval, score.coverage, score.percentile, score.band) == (None, None, None, None)


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
    rng = np.random.default_rng(0)
    image = Image.fromarray(photo)
    sharp = musiq.score(image)
    assert 0 <= sharp.mos <= 100
    for name in ("gaussian_blur", "gaussian_noise", "jpeg"):
        assert musiq.score(distort(image, name, LEVELS, rng)).mos < sharp.mos - 5, name


def test_import_is_light():
    code = (
        "import sys, musiq; print([m for m in ('torch', 'scipy', 'onnxruntime', 'typer', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_sorted_and_there():
    assert musiq.__all__ == sorted(musiq.__all__)
    assert all(hasattr(musiq, name) for name in musiq.__all__)


@pytest.fixture
def mixed_sizes(reference_image):
    names = ("rocket_tall_427x100", "synthetic_31x31", "chelsea_300x451", "synthetic_224x224")
    return [reference_image(name) for name in (*names, names[0])]


@pytest.mark.parametrize("core_tokens", [module.CORE_TOKENS, 200], ids=["small images", "images for all cores"])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_scores(workers, core_tokens, tiny, mixed_sizes, monkeypatch):
    monkeypatch.setattr(module, "CORE_TOKENS", core_tokens)
    scorer = Scorer.load(tiny, workers=workers)
    alone = [scorer.score(image).mos for image in mixed_sizes]
    assert len(set(alone)) == 4
    together = [result.mos for result in scorer.score_many(mixed_sizes)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


@pytest.mark.parametrize(
    ("runtime", "workers", "max_memory"),
    [(TorchRuntime, 1, None), (TorchRuntime, 4, None), (TorchRuntime, 4, 10**12), (OpenVinoRuntime, 4, None)],
)
def test_runtimes_that_take_turns_give_the_same_scores(runtime, workers, max_memory, tiny, mixed_sizes):
    expected = [Scorer.load(tiny).score(image).mos for image in mixed_sizes]
    scorer = Scorer(tiny, runtime(tiny), workers=workers, max_memory=max_memory)
    np.testing.assert_allclose([r.mos for r in scorer.score_many(mixed_sizes)], expected, rtol=1e-4)


def test_small_images_share_the_cores_and_large_ones_have_them_all(tiny, mixed_sizes, monkeypatch):
    monkeypatch.setattr(module, "CORE_TOKENS", 250)
    seen = {"one core": [], "all cores": []}
    runtime = FakeRuntime(lambda images: seen["all cores"].extend(map(len, images)))
    runtime.one_core = FakeRuntime(lambda images: seen["one core"].extend(map(len, images)))
    scores = [result.mos for result in Scorer(tiny, runtime, workers=3).score_many(mixed_sizes)]
    assert scores == [image[0, 0, 0] for image in mixed_sizes]
    lengths = [len(patch_sequence(image, tiny.patches)) for image in mixed_sizes]
    assert sorted(seen["one core"]) == sorted(length for length in lengths if length <= 250) != []
    assert sorted(seen["all cores"]) == sorted(length for length in lengths if length > 250) != []


def test_a_photo_under_the_cap_is_exact_and_unmarked(tiny, photo):
    exact = Scorer.load(tiny).score(photo)
    assert Scorer.load(tiny, max_patches=150).score(photo) == exact  # 10 rows of 15 patches
    assert (exact.notes, exact.preprocess) == ((), tiny.patches.id)


def test_a_photo_above_the_cap_says_so(tiny, photo):
    scorer = Scorer.load(tiny, max_patches=40)
    kept = spread(10, 15, 40)
    by_hand = patch_sequence(photo, tiny.patches, lambda rows, columns: kept)
    assert len(by_hand) == 7 * 5 + 12 * 8 + len(kept)
    score = scorer.score(photo)
    assert score.mos == pytest.approx(float(scorer.runtime.logits([by_hand])[0, 0]), rel=1e-6)
    assert abs(score.mos - Scorer.load(tiny).score(photo).mos) > 1e-4
    assert score.notes == (f"approximate: {len(kept)} of 150 native patches",)
    assert score.preprocess == "google-v1/224+384+native/p32/g10/max40"
    assert scorer.score(photo[:, :, 0]).notes[0] == "grey converted to RGB"
    assert list(scorer.score_many([photo, photo])) == [score, score]


def test_a_photo_that_is_shrunk_first_says_so(tiny, photo):
    within = replace(tiny, patches=replace(tiny.patches, longest_px=384))
    score = Scorer.load(within).score(photo)
    assert (score.height, score.width, score.notes) == (300, 451, ("shrunk to 384x255",))
    assert score.preprocess == "google-v1/224+384+native/p32/g10/within384"
    shrunk = Image.fromarray(photo).resize((384, 255), Image.Resampling.LANCZOS)
    assert score.mos == Scorer.load(tiny).score(shrunk).mos


def test_a_cap_leaves_a_pyramid_without_the_native_scale_alone(tiny, photo):
    config = replace(tiny.patches, longer_sides=(224, 384, 512), native=False)
    scorer = Scorer.load(replace(tiny, patches=config), max_patches=1)
    assert scorer.score(photo).notes == ()


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_image_above_the_memory_limit_is_an_error_and_the_others_are_scored(workers, parallel, tiny, monkeypatch):
    monkeypatch.setattr(module, "process_bytes", lambda: 50_000_000)
    monkeypatch.setattr(module, "stem_bytes", lambda model: 0)
    runtime = FakeRuntime(parallel=parallel, bytes_per_token=100_000)
    scorer = Scorer(tiny, runtime, workers=workers, max_memory=100_000_000)
    # 64 x 64 px: 49 + 144 + 4 patches; 800 x 640 px: 42 + 120 + 500 patches, 66.2 MB, and 1.54 MB of pixels.
    wide = np.zeros((640, 800, 3), np.uint8)
    small, large, last = scorer.score_many([plain(3), wide, plain(4)])
    assert (small.mos, last.mos) == (3, 4)
    assert isinstance(large, ImageError)
    assert "800 x 640 pixels take about 68 MB, and 50 MB are left of the limit of 100 MB" in str(large)
    assert "max_patches" in str(large)
    with pytest.raises(ImageError, match="left of the limit"):
        scorer.score(wide)
    capped = Scorer(tiny, runtime, workers=workers, max_memory=100_000_000, max_patches=100)
    assert [result.mos for result in capped.score_many([wide, plain(4)])] == [0, 4]


@pytest.mark.parametrize(("parallel", "tokens_per_batch"), [(True, 0), (False, 0), (False, 10_000)])
@pytest.mark.parametrize("workers", [1, 2])
def test_memory_that_runs_out_costs_one_row(workers, parallel, tokens_per_batch, tiny):
    calls = []

    def fail_on_7(images):
        calls.append(len(images))
        if 7 in map(colour, images):
            raise MemoryError("bad alloc")

    runtime = FakeRuntime(fail_on_7, parallel=parallel, tokens_per_batch=tokens_per_batch)
    results = list(Scorer(tiny, runtime, workers=workers).score_many([plain(red) for red in (5, 6, 7, 8)]))
    assert [getattr(result, "mos", None) for result in results] == [5, 6, None, 8]
    assert isinstance(results[2], ImageError)
    assert str(results[2]) == "<ndarray>: not enough memory for the network: bad alloc"
    batched = workers > 1 and tokens_per_batch
    assert calls == [4, 1, 1, 1, 1] if batched else sorted(calls) == [1, 1, 1, 1]


def test_closing_early_cancels_what_waits(tiny, monkeypatch):
    """Two workers, one photo done and two in work: the others that were taken are never begun."""
    release, begun = threading.Event(), []

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait=True, *, cancel_futures=False):
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            release.set()
            super().shutdown(wait=wait)

    def meanwhile(images):
        begun.append(colour(images[0]))
        assert begun[-1] == 0 or release.wait(LONG)

    monkeypatch.setattr(module, "ThreadPoolExecutor", Pool)
    threads, taken = set(threading.enumerate()), []
    images = (taken.append(red) or plain(red) for red in range(100))
    results = Scorer(tiny, FakeRuntime(meanwhile), workers=2).score_many(images)
    assert next(results).mos == 0
    results.close()
    assert release.is_set()
    assert len(taken) == module.AHEAD * 2 + 1
    assert len(begun) <= 3
    assert set(threading.enumerate()) <= threads


def test_images_are_in_work_together_where_the_memory_allows_it(tiny):
    meeting = threading.Barrier(2, timeout=LONG)  # breaks, an error, unless two are in the network at once
    scorer = Scorer(tiny, FakeRuntime(lambda images: meeting.wait()), workers=2, max_memory=10**12)
    assert [result.mos for result in scorer.score_many([plain(red) for red in range(6)])] == list(range(6))


def test_a_small_budget_holds_images_one_at_a_time(tiny, monkeypatch):
    monkeypatch.setattr(module, "process_bytes", lambda: 0)
    monkeypatch.setattr(module, "stem_bytes", lambda model: 0)
    lock, inside, together = threading.Lock(), [], threading.Event()

    def meanwhile(images):
        with lock:
            inside.append(1)
            if len(inside) > 1:
                together.set()
        together.wait(0.02)  # for another to come in
        with lock:
            inside.pop()

    need = 3 * 64 * 64 + 197 * 1000  # of one image: its pixels, and its patches at the fake's 1000 bytes
    scorer = Scorer(tiny, FakeRuntime(meanwhile), workers=4, max_memory=2 * need - 1)
    assert [result.mos for result in scorer.score_many([plain(red) for red in range(8)])] == list(range(8))
    assert not together.is_set()
    scorer = Scorer(tiny, FakeRuntime(meanwhile), workers=4, max_memory=need - 1)
    assert all(isinstance(result, ImageError) for result in scorer.score_many([plain(1), plain(2)]))


def test_what_needs_no_network_does_not_wait_for_a_batch(tiny):
    """Else a long stretch of known or broken images would be held in memory, and be lost by a kill."""
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield taken[-1]

    results = Scorer(tiny, FakeRuntime(parallel=False), workers=2).score_loaded(
        endless(), lambda number, admit: f"known {number}"
    )
    assert [next(results) for _ in range(3)] == ["known 0", "known 1", "known 2"]
    assert len(taken) < 20
    results.close()


def test_calls_from_any_thread_take_turns_where_the_runtime_must(tiny):
    busy, overlaps = threading.Lock(), []

    def meanwhile(images):
        overlaps.append(not busy.acquire(blocking=False))
        time.sleep(0.01)
        if not overlaps[-1]:
            busy.release()

    scorer = Scorer(tiny, FakeRuntime(meanwhile, parallel=False), workers=1)
    sequences = [patch_sequence(plain(red), tiny.patches) for red in range(5)]
    works = [
        lambda: [scorer.score(plain(red)).mos for red in range(5)],
        lambda: [scorer.score_beside(plain(red), scorer._load).mos for red in range(5)],
        lambda: [float(row[0]) for sequence in sequences for rows in scorer.logits([sequence]) for row in rows],
    ]
    with ThreadPoolExecutor(3) as pool:
        found = [future.result(LONG) for future in [pool.submit(work) for work in works]]
    assert found == [[0, 1, 2, 3, 4]] * 3
    assert (len(overlaps), any(overlaps)) == (15, False)


def test_another_preprocessing_gives_other_scores_that_say_so(tiny, photo):
    own, other = Scorer.load(tiny), Scorer.load(tiny, preprocess="pyiqa-bicubic")
    ours, theirs = own.score(photo), other.score(photo)
    assert theirs.preprocess == "pyiqa-bicubic/224+384+native/p32/g10"
    assert theirs.mos != pytest.approx(ours.mos, rel=1e-5)
    again = Scorer.load(tiny.under("pyiqa-bicubic"), preprocess="google-v1").score(photo)
    assert (again.mos, again.preprocess) == (ours.mos, ours.preprocess)
    row = other.make_row("a", theirs)
    assert (other.scoring.covers(row), own.scoring.covers(row)) == (True, False)


@pytest.mark.parametrize("wrong", [None, 5, ["a.jpg"], {"bytes": b""}])
def test_what_is_no_image_at_all_is_the_callers_mistake_for_one_and_an_error_among_many(wrong, tiny, photo):
    scorer = Scorer.load(tiny)
    with pytest.raises(TypeError, match=f"a {type(wrong).__name__} is no image"):
        scorer.score(wrong)
    results = list(scorer.score_many([wrong, photo]))
    assert isinstance(results[0], ImageError)
    assert results[0].kind == "not-an-image"
    assert results[1] == scorer.score_beside(photo)
