import pytest

from musiq.data import paq2piq
from musiq.errors import DataError
from tests.data import miniatures

LABELS, OTHERS, LARGE = "labels_image.csv", "labels=640_padded.csv", "labels640.csv"


@pytest.fixture
def folder(tmp_path):
    miniatures.paq2piq(tmp_path)
    return tmp_path


def test_two_lists_split_the_images(folder):
    miniatures.write(folder / LABELS, "name,mos", *(f"blur_dataset/motion000{i}.jpg,{50 + i}.5" for i in (0, 2, 4, 6)))
    miniatures.write(
        folder / OTHERS, "name_image,is_valid", "blur_dataset/motion0000.jpg,False", "blur_dataset/motion0002.jpg,True"
    )
    miniatures.write(folder / LARGE, "mos_patch_1,name_image", "79.4,blur_dataset/motion0004.jpg")
    data = paq2piq.read(folder)
    assert [(record.mos, record.split) for record in data.records] == [
        (50.5, "train"),
        (52.5, "val"),
        (54.5, "test"),
        (56.5, ""),  # no list names it
    ]
    assert data.records[0].image == folder / "database" / "blur_dataset" / "motion0000.jpg"
    assert (data.name, data.low, data.high, data.published_images) == ("paq2piq", 0, 100, 39810)


def test_the_lists_may_lie_beside_the_images(folder):
    expected = paq2piq.read(folder)
    for name in (LABELS, OTHERS, LARGE):
        (folder / name).rename(folder / "database" / name)
    assert paq2piq.read(folder) == expected


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (LABELS, None, "", f"{LABELS}: cannot be read as CSV"),
        (OTHERS, None, "", f"{OTHERS}: cannot be read as CSV"),
        (LARGE, None, "", f"{LARGE}: cannot be read as CSV"),
        (LABELS, "mos", "score", f"{LABELS}: column mos is missing"),
        (OTHERS, "is_valid", "valid", f"{OTHERS}: column is_valid is missing"),
        (OTHERS, "False", "no", f"{OTHERS}, row 2: is_valid 'no' is none of True, False"),
        (LARGE, "name_image", "name", f"{LARGE}: column name_image is missing"),
        (LABELS, ",40.0\n", ",nan\n", f"{LABELS}, row 2: mos 'nan' is not finite"),
        (LABELS, ",40.0\n", ",100.1\n", "row 2: mos 100.1 is outside 0..100"),
        (LABELS, "motion0002", "motion0000", "row 4: image 'blur_dataset/motion0000.jpg' stands already in .*row 2"),
        ("database/voc_emotic_ava/AVA__0003.jpg", None, "", "row 5: image 'voc_emotic_ava/AVA__0003.jpg' is not in"),
    ],
)
def test_faults_are_named(folder, file, old, new, named):
    miniatures.damage(folder, file, old, new)
    with pytest.raises(DataError, match=named):
        paq2piq.read(folder)
