"""The notebook runs as it stands in the repository, without what it printed when it was written."""

from pathlib import Path

import nbformat
import pytest

from tools.site_hooks import run_notebook

PATH = Path(__file__).parents[2] / "docs/first-steps.ipynb"


@pytest.fixture(scope="module")
def ran():
    return run_notebook(PATH)


def outputs(notebook, kind):
    return [part for cell in notebook.cells for part in cell.get("outputs", []) if kind in part.get("data", part)]


def test_it_keeps_no_outputs():
    notebook = nbformat.read(PATH, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_it_tells_scores_and_draws_pictures(ran):
    texts = "".join(part.text for part in outputs(ran, "text"))
    assert "82.6 on a scale from 0 to 100" in texts
    assert "Better than 91 %" in texts
    assert len(outputs(ran, "image/png")) == 4


def test_no_cell_warns(ran):
    assert [part.text for part in outputs(ran, "text") if part.name == "stderr"] == []
