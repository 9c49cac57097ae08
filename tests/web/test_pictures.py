import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from musiq.web.album import Album
from musiq.web.previews import Previews
from musiq.web.sources import Inside
from tests.conftest import REFERENCE
from tests.web.conftest import SECRET, album, error_of, no_path_in, settled


def test_thumbnails_are_asked_for_once(client, shared_folder):
    address = f"/api/photos/{album(client)['astronaut.jpg']['id']}/thumbnail"
    answer = client.get(address, params={"px": 200})
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size, answer.headers["Content-Type"]) == ("JPEG", (200, 150), "image/jpeg")
    direct = Image.open(shared_folder / "astronaut.jpg").resize((200, 150), Image.Resampling.LANCZOS)
    assert np.abs(np.asarray(picture, float) - np.asarray(direct, float)).mean() < 4
    tag = answer.headers["ETag"]
    again = client.get(address, params={"px": 200}, headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(address, params={"px": 201}, headers={"If-None-Match": tag}).status_code == 200
    assert "private" in answer.headers["Cache-Control"]
    assert [error_of(client.get(address, params={"px": px}), 422) for px in (159, 1025)] == ["invalid"] * 2


def test_a_changed_photo_has_another_picture(served, folder):
    client = served(folder=folder)
    settled(client)
    address = f"/api/photos/{album(client)['astronaut.jpg']['id']}/thumbnail"
    before = client.get(address)
    Image.new("RGB", (300, 300), "blue").save(folder / "astronaut.jpg")
    after = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert Image.open(io.BytesIO(after.content)).size == (300, 300)
    (folder / "astronaut.jpg").unlink()
    for headers in ({}, {"If-None-Match": "*"}):
        assert error_of(client.get(address, headers=headers), 404) == "missing"
    (folder / "astronaut.jpg").symlink_to(folder.parent / SECRET)
    for part in ("thumbnail", "image", "maps"):
        assert error_of(client.get(address.replace("thumbnail", part)), 422) == "link"


FORMATS = {
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "TIFF": None,
    "BMP": None,
}


def test_the_photo_itself_where_browsers_show_it(served, tmp_path):
    for format in FORMATS:
        Image.new("RGB", (300, 200), "green").save(tmp_path / f"{format}.jpg", format)  # the suffix says nothing
    client = served(folder=tmp_path, start=False)
    settled(client)
    while len(album(client)) < len(FORMATS):
        time.sleep(0.01)
    for name, photo in album(client).items():
        shown = FORMATS[name.removesuffix(".jpg")]
        address = f"/api/photos/{photo['id']}/image"
        answer = client.get(address)
        assert answer.headers["Content-Type"] == (shown or "image/jpeg")
        assert (answer.content == (tmp_path / name).read_bytes()) == (shown is not None)
        assert Image.open(io.BytesIO(answer.content)).size == (300, 200)
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        small = client.get(address, params={"px": 160})
        assert Image.open(io.BytesIO(small.content)).size == (160, 107)


def test_pictures_of_what_is_no_photo(client, shared_folder):
    photos = album(client)
    for name, kind in (("broken.jpg", "not-an-image"), ("link.jpg", "link")):
        for part in ("thumbnail", "image", "maps"):
            answer = client.get(f"/api/photos/{photos[name]['id']}/{part}")
            assert error_of(answer, 422) == kind
            no_path_in(answer.text, shared_folder)


def test_maps_are_of_the_photo(client):
    photo = album(client)["2024/chelsea.png"]
    maps = client.get(f"/api/photos/{photo['id']}/maps").json()
    assert maps["score"] == pytest.approx(photo["score"], abs=1e-4)
    for scale in maps["scales"]:
        assert np.shape(scale["values"]) == (scale["rows"], scale["columns"])
    assert client.get(f"/api/photos/{photo['id']}/maps").json() == maps


def test_a_burst_is_found_beside_the_photo(served, tmp_path, monkeypatch):
    """Two shots within a second of each other, a third one of another scene between them, and one an hour later."""
    for name, image, second in (("a", "coffee_400x600", 0), ("b", "chelsea_300x451", 0), ("c", "coffee_400x600", 1)):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 10:00:0{second}"
        picture = Image.open(REFERENCE / "images" / f"{image}.png").convert("RGB")
        picture.rotate(2 * second).save(tmp_path / f"{name}.jpg", exif=exif)
    client = served(folder=tmp_path)
    settled(client)
    photos = album(client)
    threads, beside = [], Album.beside
    monkeypatch.setattr(Album, "beside", lambda *given: (threads.append(threading.get_ident()), beside(*given))[1])
    best = sorted((photos["a.jpg"], photos["c.jpg"]), key=lambda photo: -photo["score"])
    for name, ids in (("a", [photo["id"] for photo in best]), ("b", [photos["b.jpg"]["id"]])):
        assert client.get(f"/api/photos/{photos[f'{name}.jpg']['id']}/burst").json()["ids"] == ids
    assert client.portal.call(threading.get_ident) not in threads  # the album may be large


def test_a_photo_without_a_stamp_is_not_kept(client, monkeypatch):
    """It may be another one the next time."""
    address = f"/api/photos/{album(client)['astronaut.jpg']['id']}/thumbnail"
    monkeypatch.setattr(Inside, "stamp", lambda self: None)
    made, make = [], Previews._make
    monkeypatch.setattr(Previews, "_make", lambda *given: (made.append(1), make(*given))[1])
    for _ in range(2):
        answer = client.get(address, params={"px": 170}, headers={"If-None-Match": "*"})
        assert (answer.status_code, "ETag" in answer.headers) == (200, False)
    assert len(made) == 2


def test_picks_are_kept_with_the_store(served, folder, tmp_path):
    options = {"folder": folder, "store": tmp_path / "store"}
    client = served(**options)
    settled(client)
    photos = album(client)
    one, other = photos["astronaut.jpg"]["id"], photos["2024/März.jpg"]["id"]
    assert client.put(f"/api/photos/{one}/pick", json={"pick": "reject"}).json()["pick"] == "reject"
    body = {"ids": [one, other, other], "pick": "pick"}
    assert [client.put("/api/picks", json=body).json()["changed"] for _ in range(2)] == [2, 0]
    assert error_of(client.put("/api/picks", json={"ids": [one, "0" * 16], "pick": None}), 404) == "not-found"
    assert client.put(f"/api/photos/{one}/pick", json={"pick": None}).json()["pick"] is None
    assert client.get("/api/status").json()["kept"] is True
    client.__exit__(None, None, None)
    again = served(**options, start=False)
    while len(album(again)) < 5:
        time.sleep(0.01)
    assert {path: photo["pick"] for path, photo in album(again).items() if photo["pick"]} == {"2024/März.jpg": "pick"}
    assert album(again)["astronaut.jpg"]["state"] == "scored"  # known without a job
    assert again.get("/api/status").json()["instance"] != client.app.state.parts.instance


@pytest.mark.parametrize("body", [{"pick": "best"}, {}, {"pick": "pick", "x": 1}])
def test_picks_are_one_of_three(client, body):
    id = album(client)["astronaut.jpg"]["id"]
    assert error_of(client.put(f"/api/photos/{id}/pick", json=body), 422) == "invalid"


def test_exports_are_files(client, shared_folder):
    photos = album(client)
    ids = [photos[path]["id"] for path in ("2024/März.jpg", "broken.jpg", "astronaut.jpg")]
    answers = {form: client.post("/api/export", json={"format": form, "ids": ids}) for form in ("csv", "json", "xmp")}
    rows = answers["json"].json()
    assert [row["path"] for row in rows] == ["2024/März.jpg", "broken.jpg", "astronaut.jpg"]
    assert rows[0]["score"] == photos["2024/März.jpg"]["score"]
    assert len(answers["csv"].text.splitlines()) == 4
    assert answers["xmp"].content.startswith(b"PK")
    for form, answer in answers.items():
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert form == "xmp" or str(shared_folder) not in answer.text
    everything = client.post("/api/export", json={"format": "json"}).json()
    order = ["astronaut.jpg", "broken.jpg", "link.jpg", "2024/März.jpg", "2024/chelsea.png"]
    assert [row["path"] for row in everything] == order
    assert error_of(client.post("/api/export", json={"format": "csv", "ids": ["0" * 16]}), 404) == "not-found"
    assert error_of(client.post("/api/export", json={"format": "pdf"}), 422) == "invalid"
