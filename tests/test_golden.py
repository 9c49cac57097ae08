"""Scores stay as they are, or the release says that they do not.

1, 2 or 4 threads move no score by 1e-5, other runtimes (OpenVINO, torch, and so other kernels) by 2.2e-5 at most
(`python -m tools.make_golden_scores --compare`). So 1e-3 is a change of what is computed, not of how.
"""

import json

import pytest

from tools.make_golden_scores import GOLDEN, golden

TOLERANCE = 1e-3
WHAT_TO_DO = """Scores have changed. If they shall (docs/releases.md): say by how much and why in CHANGELOG.md under
"Scores change", make the next release a minor one or more, and write them anew: python -m tools.make_golden_scores
"""


@pytest.fixture(scope="module")
def now(default_checkpoint, tiny_checkpoints):
    return golden([default_checkpoint, *tiny_checkpoints.values()])["checkpoints"]


@pytest.fixture(scope="module")
def held():
    return json.loads(GOLDEN.read_text())["checkpoints"]


def changes(held, now):
    """A line for each thing that is not as it was."""
    for name in held.keys() | now.keys():
        before, after = held.get(name, {"scores": {}}), now.get(name, {"scores": {}})
        for key in ("weights", "preprocess"):
            if before.get(key) != after.get(key):
                yield f"{name}: {key} {before.get(key)} -> {after.get(key)}"
        for image in before["scores"].keys() | after["scores"].keys():
            one, other = before["scores"].get(image), after["scores"].get(image)
            if one is None or other is None or abs(one - other) > TOLERANCE:
                yield f"{name}, {image}: {one} -> {other}"


def test_scores_are_those_of_the_file(held, now):
    found = sorted(changes(held, now))
    assert not found, WHAT_TO_DO + "\n".join(found)


def test_what_moves_is_told(held):
    other = json.loads(json.dumps(held))
    other["default"]["weights"] = "0"
    other["default"]["scores"]["1x1"] += 2 * TOLERANCE
    other["tiny-single"]["scores"]["1x1"] += TOLERANCE / 2
    del other["tiny-single"]["scores"]["examples/china.jpg"]
    told = sorted(line.split(" ->")[0].rsplit(" ", 1)[0] for line in changes(held, other))
    assert told == ["default, 1x1:", "default: weights", "tiny-single, examples/china.jpg:"]
