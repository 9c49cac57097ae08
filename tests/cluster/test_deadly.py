"""A photo ends every process that scores it."""

import json
import shutil


def test_only_the_deadly_one_has_an_error(start, folder, tmp_path):
    (tmp_path / "photos").mkdir()
    names = ["000.jpg", "001.jpg", "002.jpg", "003.jpg", "004.jpg"]
    for name in (*names, "deadly.jpg"):
        shutil.copy(folder / "photos" / "000.jpg", tmp_path / "photos" / name)
    with start("drive", "local", folder / "tiny", cwd=tmp_path) as driver:
        output, errors = driver.communicate()
    rows = {row["path"]: row for row in map(json.loads, output.splitlines())}
    deadly = rows.pop("photos/deadly.jpg")
    assert errors == ""
    assert (deadly["kind"], deadly["error"]) == ("crashed", "the process that scored it died 2 times")
    assert sorted(rows) == [f"photos/{name}" for name in names]
    assert all(row["score"] is not None for row in rows.values())
