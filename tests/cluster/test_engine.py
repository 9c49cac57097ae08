import sys

import pytest

from musiq.cluster.connection import connected
from musiq.cluster.engine import RayEngine
from musiq.cluster.execution import Actors
from musiq.decode.limits import Limits
from musiq.errors import ClusterError, MissingExtraError
from musiq.scorer import Scorer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")


@pytest.mark.parametrize("options", [{}, {"max_patches": 5}, {"precision": "int8"}, {"preprocess": "pyiqa-bicubic"}])
def test_its_scores_compare_with_those_of_one_machine(folder, options, monkeypatch):
    monkeypatch.setattr("musiq.runtime.choose.multiplies", lambda precision: True)
    engine = RayEngine({"checkpoint": folder / "tiny", **options}, Limits())
    assert engine.scoring == Scorer.load(folder / "tiny", **options).scoring


def test_a_missing_ray_is_said(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(MissingExtraError, match="--engine ray needs the extra 'musiq\\[cluster\\]'"):
        RayEngine({"checkpoint": folder / "tiny"}, Limits())


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1:1", "no Ray cluster at 127.0.0.1:1: Connection refused"),
        ("ray://head:10001", "ray job submit"),
        ("nonsense", "no Ray cluster at nonsense"),
    ],
)
def test_no_cluster_is_said(address, reason):
    with pytest.raises(ClusterError, match=reason), connected(address):
        pass


@pytest.mark.parametrize(
    ("actors", "there", "fitting"),
    [
        (Actors(), {"CPU": 8.0}, 8),
        (Actors(cpus=3), {"CPU": 8.0}, 2),
        (Actors(most=4), {"CPU": 8.0}, 4),
        (Actors(least=2), {}, 2),
        (Actors(cpus=4, gpus=1), {"CPU": 64.0, "GPU": 3.0}, 3),
        (Actors(cpus=4, gpus=1), {"CPU": 8.0, "GPU": 3.0}, 2),
    ],
)
def test_as_many_actors_as_resources_are_enough_for(actors, there, fitting):
    assert actors.fitting(there) == fitting
