"""Attacks on a server of the default make: what lies outside the folder stays there, and nothing takes it down."""

import io
import json
import os
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from musiq.web.app import create_app
from tests.web.conftest import BASE, SECRET, album, error_of, settled

ID = "0123456789abcdef"
OUT = [
    f"../{SECRET}",
    f"2024/../../{SECRET}",
    f"..\\{SECRET}",
    f"%2e%2e/{SECRET}",
    f"%252e%252e%252f{SECRET}",
    f"....//{SECRET}",
    f"..;/{SECRET}",
    f"\u2024\u2024/{SECRET}",
    f"astronaut.jpg/../../{SECRET}",
    f"astronaut.jpg\0/../{SECRET}",
    "link.jpg",
    "OUTSIDE",
    "/OUTSIDE",
    "file://OUTSIDE",
    "~/.ssh/id_rsa",
    "-",
    "https://evil.example/a.jpg",
    "*.jpg",
    "\ud800.jpg",
]


@pytest.fixture(scope="module")
def client(settings):
    """Of a server of this file's own: its jobs and uploads would be seen by others."""
    with TestClient(create_app(settings), base_url=BASE) as client:
        settled(client)
        yield client


def png(width=8, height=8):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (120, 90, 60)).save(file, "PNG")
    return file.getvalue()


def outside(name, folder):
    """The name, with the path of a photo that is not served in it."""
    return name.replace("OUTSIDE", str(folder.parent / SECRET))


def asked(client, method, path, body):
    """The answer to JSON that may hold any text, unlike what a client of ours would send."""
    headers = {"Content-Type": "application/json"}
    return client.request(method, path, content=json.dumps(body).encode(), headers=headers)


@pytest.mark.parametrize("name", OUT)
def test_names_of_other_files_are_not_scored(client, shared_folder, name):
    answer = asked(client, "POST", "/api/score/paths", {"paths": [outside(name, shared_folder)]})
    if answer.status_code != 200:
        assert error_of(answer, 422) in ("input", "invalid")
        return
    (row,) = answer.json()["results"]
    assert row["kind"] in ("missing", "link", "not-a-file")
    assert (row["score"], row["bytes"], row["content"]) == (None, None, None)
    assert str(shared_folder.parent) not in answer.text


@pytest.mark.parametrize("name", OUT)
def test_names_of_other_files_are_no_jobs(client, shared_folder, name):
    answer = asked(client, "POST", "/api/jobs", {"paths": [outside(name, shared_folder)]})
    if answer.status_code != 202:
        assert error_of(answer, 422) in ("input", "invalid")
        return
    settled(client)
    rows = client.get(f"/api/jobs/{answer.json()['id']}/rows").json()["rows"]
    assert [row["score"] for row in rows] == [None] * len(rows)
    assert str(shared_folder.parent) not in str(rows)


def get_raw(client, target):
    """Status and body of a request to this very address, of which clients would take the dots out."""
    path, _, query = target.partition("?")
    scope = {"type": "http", "method": "GET", "scheme": "http", "headers": [(b"host", b"localhost")], "root_path": ""}
    scope |= {"path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "http_version": "1.1"}
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    client.portal.call(client.app, scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/%252e%252e/app.py",
        "/static/..%2fapp.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/" + "a" * 5000,
        "/docs/../../../app.py",
        "/docs/..%2f__init__.py",
        "/docs/%2e%2e%2f__init__.py",
        "/api/photos/..%2f..%2fetc%2fpasswd/image",
        "/api/photos/%00/thumbnail",
        f"/api/photos/{ID}%0a/image",
        f"/api/photos/{ID}/image?px=../../etc",
        f"/api/photos/{ID}/thumbnail?px=99999999999999999999",
        "/api/jobs/..%2f..%2fetc%2fpasswd/rows",
        f"/api/jobs/{ID}/rows?offset=-1",
        "/api/photos?since=%00&limit=1e9",
    ],
)
def test_addresses_lead_nowhere_else(client, path):
    status, body = get_raw(client, path)
    kind = json.loads(body)["error"]["kind"]
    assert (status, kind) in ((404, "not-found"), (422, "invalid"))


def test_links_out_of_the_folder_are_never_followed(served, folder):
    """Neither those that are there from the start, nor those that take the place of a photo later."""
    outside = folder.parent / "elsewhere"
    outside.mkdir()
    (outside / "x.jpg").write_bytes((folder.parent / SECRET).read_bytes())
    (folder / "far").symlink_to(outside)
    client = served(folder=folder)
    settled(client)
    photos = album(client)
    assert (photos["link.jpg"]["kind"], photos["far"]["kind"]) == ("link", "link")
    swapped = photos["astronaut.jpg"]["id"]
    (folder / "astronaut.jpg").unlink()
    (folder / "astronaut.jpg").symlink_to(folder.parent / SECRET)
    moved = photos["2024/chelsea.png"]["id"]
    (folder / "2024").rename(folder.parent / "2024")
    (folder / "2024").symlink_to(folder.parent / "2024")
    for id in (photos["link.jpg"]["id"], photos["far"]["id"], swapped, moved):
        for part in ("image", "image?px=200", "thumbnail", "maps"):
            answer = client.get(f"/api/photos/{id}/{part}")
            assert error_of(answer, 422 if answer.status_code == 422 else 404) in ("link", "not-found")
    answer = asked(client, "POST", "/api/score/paths", {"paths": ["far/x.jpg", "astronaut.jpg", "2024/chelsea.png"]})
    assert [row["kind"] for row in answer.json()["results"]] == ["link"] * 3


def test_archives_hold_what_is_in_them(served, folder):
    """Members with hostile names are read from the archive or not at all; links in it lead nowhere."""
    names = ("../../outside.png", "/etc/shadow.png", "..\\evil.png", "a\nb.png", '"><img src=x>.png')
    with zipfile.ZipFile(folder / "zip.zip", "w") as archive:
        for name in names:
            archive.writestr(name, png())
    with tarfile.open(folder / "tar.tar", "w") as archive:
        for name in names:
            facts = tarfile.TarInfo(name)
            facts.size = len(png())
            archive.addfile(facts, io.BytesIO(png()))
        for kind, target in ((tarfile.SYMTYPE, f"../{SECRET}"), (tarfile.LNKTYPE, str(folder.parent / SECRET))):
            facts = tarfile.TarInfo(f"link-{kind.decode()}.jpg")
            facts.type, facts.linkname = kind, target
            archive.addfile(facts)
    before = set(folder.parent.rglob("*"))
    client = served(folder=folder, start=False)
    job = client.post("/api/jobs", json={"paths": ["zip.zip", "tar.tar"]}).json()
    settled(client)
    rows = client.get(f"/api/jobs/{job['id']}/rows").json()["rows"]
    assert {row["path"].partition("!")[0] for row in rows} == {"zip.zip", "tar.tar"}
    assert all(row["bytes"] == len(png()) for row in rows if row["score"] is not None)
    assert not [row for row in rows if "link-" in row["path"] and row["score"] is not None]
    assert set(folder.parent.rglob("*")) == before


def test_a_store_or_a_note_in_the_folder_is_no_photo(client):
    row = asked(client, "POST", "/api/score/paths", {"paths": ["notes.txt", "broken.jpg"]}).json()["results"]
    assert [one["kind"] for one in row] == ["not-an-image"] * 2
    assert "not shown" not in json.dumps(row)


def bomb():
    """A PNG of 60,000 x 60,000 pixels in 30 kB."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(10**7))) + chunk(b"IEND", b"")


HOSTILE = {
    "bomb.png": (bomb(), 413, "too-large"),
    "zeros.png": (b"\x89PNG\r\n\x1a\n" + bytes(10_000), 422, "not-an-image"),
    "nothing.png": (b"", 422, "empty"),
    "half.png": (png(300, 300)[:200], 422, "damaged"),
    "page.png": (b"<html><script>alert(1)</script></html>", 422, "not-an-image"),
    "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 422, "not-an-image"),
    "text.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run\n", 422, "not-an-image"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_their_own_row_alone(client, name):
    content, status, kind = HOSTILE[name]
    answer = client.post("/api/score/image", content=content, headers={"Content-Type": "image/png"})
    assert error_of(answer, status) == kind
    good = ("good.png", png())
    answer = client.post("/api/score", files=[("files", good), ("files", (name, content)), ("files", good)])
    rows = answer.json()["results"]
    assert [row["kind"] for row in rows] == [None, kind, None]


def test_a_hostile_file_in_the_album_is_never_shown_as_a_page(client):
    files = [("files", (name, content, "text/html")) for name, (content, _, _) in HOSTILE.items() if content]
    photos = client.post("/api/photos", files=files).json()["photos"]
    try:
        for photo in photos:
            assert photo["state"] == "failed"
            answer = client.get(f"/api/photos/{photo['id']}/image")
            assert answer.headers["Content-Type"] in ("application/json", "image/png")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    finally:
        client.delete("/api/uploads")


EXPORTS = {"csv": "musiq.csv", "json": "musiq.json", "xmp": "musiq-xmp.zip"}
NAMES = [
    "<img src=x onerror=alert(1)>.png",
    '"; filename="evil.exe',
    "a\r\nSet-Cookie: evil=1\r\n.png",
    "=HYPERLINK(1).png",
    "../../../../tmp/evil.png",
    "C:\\windows\\evil.png",
    "a\u202egnp.exe",
    "x" * 3000 + ".png",
    "..",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_sent_are_data(client, name):
    """They come back as JSON text and as CSV cells, and name no file and no header."""
    boundary = b"x" * 20
    shown = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22").encode()
    head = b'Content-Disposition: form-data; name="files"; filename="' + shown + b'"\r\n\r\n'
    body = b"--" + boundary + b"\r\n" + head + png() + b"\r\n--" + boundary + b"--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary.decode()}"}
    for path in ("/api/score", "/api/photos"):
        answer = client.post(path, content=body, headers=headers)
        assert answer.headers["Content-Type"] == "application/json"
        assert "set-cookie" not in answer.headers
    if answer.status_code == 422:  # a part without a file's name is no file
        assert name == ""
        return
    (photo,) = answer.json()["photos"]
    try:
        assert len(photo["name"]) <= 200
        assert not set("/\\\r\n\0") & set(photo["name"])
        assert photo["folder"] == "uploads"
        for form in ("csv", "json", "xmp"):
            answer = client.post("/api/export", json={"format": form, "ids": [photo["id"]]})
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{EXPORTS[form]}"'
            if form == "xmp":
                members = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
                assert all(not Path(one).is_absolute() and ".." not in Path(one).parts for one in members)
    finally:
        client.delete("/api/uploads")


def test_names_on_disk_are_data(served, folder):
    names = ["<script>alert(1)<.png", 'quote".png', "line\nfeed.png", b"bytes\xff.png"]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(png())
    client = served(folder=folder)
    settled(client)
    photos = album(client)
    expected = {"<script>alert(1)<.png", 'quote".png', "line\nfeed.png", r"bytes\xff.png"}
    assert expected <= photos.keys()
    for name in expected:
        answer = client.get(f"/api/photos/{photos[name]['id']}/image")
        assert answer.content == png()
        assert answer.headers["Content-Type"] == "image/png"
        assert name not in str(answer.headers)
    table = client.post("/api/export", json={"format": "csv", "ids": [photos["line\nfeed.png"]["id"]]}).text
    assert '\n"line\nfeed.png",' in table
    archive = client.post("/api/export", json={"format": "xmp", "ids": None}).content
    assert zipfile.ZipFile(io.BytesIO(archive)).testzip() is None


def test_the_guard_stands_before_every_route(served):
    """A page of another site, a foreign name, no token: refused whatever is asked for."""
    client = served(token="a long enough token")
    own = {"Authorization": "Bearer a long enough token"}
    described = client.get("/openapi.json", headers=own).json()["paths"]
    assert len(described) > 15
    for path, operations in described.items():
        for method in operations:
            where = path.replace("{id}", ID)
            foreign = client.request(method, where, headers=own | {"Origin": "https://evil.example"})
            assert error_of(foreign, 403) == "forbidden"
            assert error_of(client.request(method, where, headers=own | {"Host": "evil.example"}), 403) == "forbidden"
            if path not in ("/healthz", "/readyz"):
                assert error_of(client.request(method, where), 401) == "unauthorized"
    for path in ("/", "/static/style.css", "/docs", "/openapi.json", "/nothing"):
        assert client.get(path).status_code == 401


def test_sizes_and_types_are_refused_before_anything_is_read(served):
    client = served(upload_bytes=1000, file_bytes=500)
    for path, kind in (
        ("/api/score", "multipart/form-data; boundary=x"),
        ("/api/photos", "multipart/form-data; boundary=x"),
        ("/api/score/image", "image/png"),
        ("/api/score/paths", "application/json"),
        ("/api/jobs", "application/json"),
        ("/api/export", "application/json"),
    ):
        for content in (b"x" * 1001, (b"x" for _ in range(1001))):
            assert error_of(client.post(path, content=content, headers={"Content-Type": kind}), 413) == "too-large"
        wrong = client.post(path, content=b"x", headers={"Content-Type": "text/plain"})
        assert error_of(wrong, 415) == "content-type"


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"paths": ' + "[" * 5000, '{"a":' * 5000, "1e999999", "NaN", "\x00", "\ud800", ""]
)
def test_odd_json_is_a_clear_error(client, text):
    content = text.encode("utf-8", "surrogatepass")
    answer = client.post("/api/score/paths", content=content, headers={"Content-Type": "application/json"})
    assert error_of(answer, answer.status_code) in ("bad-request", "invalid")


@pytest.mark.parametrize(
    ("boundary", "body"),
    [
        ("", b"x"),
        ("x", b""),
        ("x", b"--x"),
        ("x", b"--y\r\n\r\n--y--"),
        ("x", b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\nno file\r\n--x--\r\n'),
        ("x", b"--x\r\n" + b"A: b\r\n" * 5000 + b"\r\n--x--"),
        ("x", b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nv\r\n' * 3000 + b"--x--\r\n"),
        ("x" * 5000, b"x"),
    ],
)
def test_odd_multipart_is_a_clear_error(client, boundary, body):
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    for path in ("/api/score", "/api/photos"):
        answer = client.post(path, content=body, headers=headers)
        assert error_of(answer, answer.status_code) in ("bad-request", "invalid")
