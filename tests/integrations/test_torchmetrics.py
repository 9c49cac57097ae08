"""The metric keeps the conventions of torchmetrics: states, copies, precision, several processes, plots."""

import tests.real_timm  # noqa: F401  # torchmetrics imports torchvision, as timm does

# isort: split
import copy
import importlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot
from torchmetrics import Metric, MetricCollection
from torchmetrics.image import TotalVariation

from musiq.errors import CheckpointError, MissingExtraError
from musiq.integrations.torchmetrics import MUSIQScore, musiq_score
from musiq.quality import ImageQuality
from tests.docs.blocks import ROOT
from tests.integrations.shares import run
from tests.test_quality import small

SIZES = [(12, 9), (7, 20), (30, 31), (9, 9), (16, 8)]


def mean(images) -> torch.Tensor:
    """A network of a line: 100 times the mean of an image."""
    return torch.stack([100 * image.mean() for image in images])


class Network(torch.nn.Module):
    """As `mean`, with a weight."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(100.0))

    def forward(self, images):
        return torch.stack([self.weight * image.mean() for image in images])


@pytest.fixture
def images() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(3, *size, generator=generator) for size in SIZES]


@pytest.fixture(scope="module")
def quality() -> ImageQuality:
    return ImageQuality(small())


@pytest.fixture
def metric(quality) -> MUSIQScore:
    return MUSIQScore(network=quality)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_of_all_updates_however_they_are_cut(reduction, quality, images):
    scores = [quality(image).item() for image in images]
    metric = MUSIQScore(small(), reduction=reduction)
    reduced = {"mean": np.mean, "sum": np.sum, "none": np.array}[reduction]
    assert isinstance(metric, Metric)
    metric.update(images[:3])
    np.testing.assert_allclose(metric(images[3][None]), reduced(scores[3:4]), rtol=1e-5)
    metric.update(images[4:])
    np.testing.assert_allclose(metric.compute(), reduced(scores), rtol=1e-5)
    np.testing.assert_allclose(musiq_score(images, small(), reduction=reduction), reduced(scores), rtol=1e-5)
    metric.reset()
    assert metric.update_count == 0
    metric.update(images[2])
    np.testing.assert_allclose(metric.compute(), reduced(scores[2:3]), rtol=1e-5)


def test_facts_are_the_checkpoints(metric):
    assert (metric.is_differentiable, metric.full_state_update) == (True, False)
    assert (metric.higher_is_better, metric.plot_lower_bound, metric.plot_upper_bound) == (True, 0, 1)
    open_ended = MUSIQScore(network=mean)
    assert (open_ended.higher_is_better, open_ended.plot_lower_bound, open_ended.plot_upper_bound) == (None, None, None)
    with pytest.raises(RuntimeError, match="const `higher_is_better`"):
        metric.higher_is_better = False


def test_the_default_checkpoint_is_the_default(images):
    metric = MUSIQScore()
    metric.update(images[2])
    assert (metric.plot_lower_bound, metric.plot_upper_bound) == (0, 100)
    expected = musiq_score(images[2])
    torch.testing.assert_close(metric.compute(), expected)
    assert 0 < expected.item() < 100


def test_a_batchs_value_has_gradients_and_states_have_none(metric, images):
    first, second = (images[index].clone().requires_grad_() for index in (0, 3))
    metric(first[None])
    metric(second[None]).backward()
    assert first.grad is None
    assert second.grad.abs().max() > 0
    assert not metric.compute().requires_grad
    musiq_score(first, network=metric.network).backward()
    assert first.grad.abs().max() > 0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), MUSIQScore.clone])
def test_copies_go_on_alone(copied, metric, images):
    metric.update(images[:2])
    other = copied(metric)
    torch.testing.assert_close(other.compute(), metric.compute())
    other.update(images[2:])
    metric.reset()
    metric.update(images)
    torch.testing.assert_close(other.compute(), metric.compute())
    assert other.network is not metric.network
    assert hash(other) != hash(metric)


def test_the_network_is_no_part_of_the_model_that_holds_the_metric(metric, images):
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), metric).train()
    assert list(model.state_dict()) == ["0.weight", "0.bias"]
    assert len(list(model.parameters())) == 2
    model.load_state_dict(model.state_dict())
    assert not metric.network.training
    metric.persistent(True)
    metric.update(images)
    assert list(metric.state_dict()) == ["total", "count"]
    other = MUSIQScore(network=mean)
    other.update(images)
    other.load_state_dict(metric.state_dict())
    torch.testing.assert_close(other.compute(), metric.compute())


def test_it_takes_the_network_along():
    metric = MUSIQScore(network=Network())
    metric.to("meta")
    assert {metric.device.type, metric.network.weight.device.type, metric.total.device.type} == {"meta"}
    assert MUSIQScore(network=mean).to("meta").device.type == "meta"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(dtype, metric, images):
    """Sums in half precision would stand still: 4096 + 1 is 4096."""
    halves = [image.to(dtype) for image in images]
    metric.update(halves)
    torch.testing.assert_close(metric.compute(), metric.network([image.float() for image in halves]).mean())
    metric = MUSIQScore(network=mean, reduction="sum").set_dtype(dtype)
    assert metric.total.dtype == torch.promote_types(dtype, torch.float32)
    for _ in range(60):
        metric.update(torch.ones(1, 3, 2, 2, dtype=dtype))
    metric.update(torch.full((1, 3, 2, 2), 0.01))
    assert metric.compute().item() == pytest.approx(6001)
    assert metric.half().total.dtype == metric.total.dtype


def test_networks_keep_their_precision(metric):
    metric.set_dtype(torch.float64)
    torch.nn.Sequential(metric).half()
    assert metric.network.network.class_token.dtype == torch.float32


def test_in_a_collection(images, quality):
    scores = {f"musiq_{name}": MUSIQScore(network=quality, reduction=name) for name in ("mean", "sum", "none")}
    collection = MetricCollection(scores | {"variation": TotalVariation()})
    for batch in (torch.stack(images[:1] * 3), torch.stack(images[3:4])):
        collection.update(batch)
    values = collection.compute()
    expected = quality([images[0]] * 3 + [images[3]])
    torch.testing.assert_close(values["musiq_none"], expected)
    torch.testing.assert_close(values["musiq_mean"], expected.mean())
    torch.testing.assert_close(values["musiq_sum"], expected.sum())
    assert values["variation"] > 0


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_before_an_update_it_warns(reduction, quality):
    metric = MUSIQScore(network=quality, reduction=reduction)
    with pytest.warns(UserWarning, match="called before the ``update``"):
        value = metric.compute()
    assert {"mean": value.isnan().all(), "sum": value == 0, "none": value.shape == (0,)}[reduction]


def test_plots_with_the_ends_of_the_range(metric, images):
    matplotlib.use("agg")
    values = [metric(image[None]) for image in images[:3]]
    for value, points in ((None, 1), (values, 3)):
        figure, axes = metric.plot(value)
        low, high = axes.get_ylim()
        assert (low <= 0, high >= 1, axes.get_ylabel()) == (True, True, "MUSIQScore")
        assert len(axes.lines[0].get_ydata()) == points
        pyplot.close(figure)
    figure, axes = pyplot.subplots()
    assert metric.plot(values, axes)[1] is axes
    pyplot.close(figure)


def test_what_it_shows_of_itself(metric):
    assert repr(metric) == "MUSIQScore(ImageQuality, reduction='mean')"
    assert metric._get_name() == "MUSIQScore"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"normalize": True}, "Unexpected keyword arguments: `normalize`"),
        ({"reduction": "max"}, "reduction must be one of mean, sum, none, got 'max'"),
        ({"network": mean, "checkpoint": "default"}, "a network reads images as they come"),
        ({"network": mean, "data_range": 255}, "a network reads images as they come"),
    ],
)
def test_arguments_that_cannot_be(arguments, named):
    with pytest.raises(ValueError, match=named):
        MUSIQScore(**arguments)


def test_what_is_no_score_is_refused(images):
    for wrong, named in ((lambda images: torch.zeros(2, 1), r"shape \(2, 1\)"), (lambda images: 3.0, "got float")):
        with pytest.raises(ValueError, match=named):
            MUSIQScore(network=wrong).update(images)
        with pytest.raises(ValueError, match=named):
            musiq_score(images, network=wrong)


def test_ranges_reach_the_checkpoint(images):
    expected = musiq_score(images, small())
    torch.testing.assert_close(musiq_score([image * 255 for image in images], small(), data_range=255), expected)
    metric = MUSIQScore(small(), data_range=255)
    metric.update([image * 255 for image in images])
    torch.testing.assert_close(metric.compute(), expected)
    with pytest.raises(ValueError, match="far outside"):
        MUSIQScore(small()).update(images[0] * 255)
    with pytest.raises(CheckpointError, match="nowhere: no such file"):
        musiq_score(images, "nowhere")


def test_two_processes_of_unequal_shares(tmp_path: Path):
    """One has four images in two updates, the other one image."""
    store = str(tmp_path / "store")
    command = [sys.executable, "-m", "tests.integrations.shares", "1", store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as other:
        results = [run(0, store), json.loads(other.communicate()[0])]
    for rank, result in enumerate(results):
        assert (result["mean"], result["mean later"]) == (pytest.approx(22 / 5), 35 / 7)
        assert (result["sum"], result["sum later"]) == (22, 35)
        assert result["none"] == [1, 2, 6, 3, 10]
        assert result["none later"] == [1, 2, 6, 3, 5, 10, 8]
        assert result["of one process"] == [7, 7]
        for reduction in ("mean", "sum", "none"):
            assert result[f"{reduction} of the last batch"] == (3, 10)[rank]


def test_without_torchmetrics_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    monkeypatch.delitem(sys.modules, "musiq.integrations.torchmetrics")
    with pytest.raises(MissingExtraError, match=r"the metric of torchmetrics needs the extra 'musiq\[torchmetrics\]'"):
        importlib.import_module("musiq.integrations.torchmetrics")
