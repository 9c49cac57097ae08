import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from musiq.errors import InputError, MissingExtraError
from tests.inputs.conftest import inputs, read


def picture(level):
    file = io.BytesIO()
    Image.new("L", (8, 8), level).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def datasets(here, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(here / "home"))
    monkeypatch.setenv("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    return pytest.importorskip("datasets")


def test_saved_data_sets(datasets, here):
    features = datasets.Features({"id": datasets.Value("int32"), "photo": datasets.Image(), "alt": datasets.Image()})
    rows = {
        "id": [0, 1, 2, 3],
        "photo": [
            *({"bytes": picture(level), "path": None} for level in (10, 20)),
            None,
            {"bytes": b"no", "path": "x"},
        ],
        "alt": [None, {"bytes": picture(30), "path": "y.png"}, None, None],
    }
    one = datasets.Dataset.from_dict(rows, features)
    one.save_to_disk("one")
    datasets.DatasetDict(train=one.select([1, 0]), test=one.select([3])).save_to_disk("both")
    assert read(inputs("one")) == [
        ("one!0", picture(10)),
        ("one!1", picture(20)),
        ("one!2", "missing: the cell is empty"),
        ("one!3", b"no"),
    ]
    assert read(inputs("both/")) == [
        ("both!train/0", picture(20)),
        ("both!train/1", picture(10)),
        ("both!test/0", b"no"),
    ]
    assert read(inputs("one", column="alt"))[1] == ("one!1", picture(30))
    with pytest.raises(InputError, match="one: no column 'shot'; its columns are: 'id', 'photo', 'alt'"):
        next(iter(inputs("a.jpg", "one", column="shot")))


def test_paths_instead_of_bytes_and_damage(datasets, here):
    Path("a.png").write_bytes(picture(5))
    features = datasets.Features({"image": datasets.Image(decode=False)})
    rows = {"image": [{"bytes": None, "path": str(here / "a.png")}, {"bytes": None, "path": "b.png"}]}
    data = datasets.Dataset.from_dict(rows, features)
    data.cast(
        datasets.Features({"image": {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}})
    ).save_to_disk("x")
    assert read(inputs("x", column="image")) == [
        (str(here / "a.png"), picture(5)),
        ("x/b.png", "missing: no such file"),
    ]
    (arrow,) = Path("x").glob("*.arrow")
    arrow.write_bytes(b"no")
    ((name, fault),) = read(inputs("x", column="image"))
    assert (name, fault[:6]) == ("x", "input:")


def test_without_datasets(here, monkeypatch):
    for name in ("dataset_info.json", "state.json"):
        Path(name).write_text("{}")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        MissingExtraError, match="reading Hugging Face data sets needs the extra 'musiq\\[huggingface\\]'"
    ):
        next(iter(inputs("a.jpg", ".")))
