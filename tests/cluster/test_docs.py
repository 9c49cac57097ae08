import json
import re
from pathlib import Path

import pytest

from tests.cluster.conftest import ROOT


@pytest.fixture
def example():
    yaml = pytest.importorskip("yaml")
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "cluster.md").read_text(), re.DOTALL)
    return yaml.safe_load(block)


def test_the_example_fits_the_schema_of_ray(example):
    ray = pytest.importorskip("ray")
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    pytest.importorskip("jsonschema").validate(example, schema)


def test_the_example_can_grow(example):
    kinds = example["available_node_types"]
    assert example["head_node_type"] in kinds
    assert all(kind["max_workers"] <= example["max_workers"] for kind in kinds.values())
