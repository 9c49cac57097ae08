import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import types
import urllib.request

import pytest

from musiq.web.settings import Settings


@pytest.fixture
def served(call, run, monkeypatch, tmp_path):
    """Runs `musiq serve`, whose server only becomes ready: its settings and what it printed."""
    from musiq.web import server

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("MUSIQ_TOKEN", raising=False)
    kept = []
    app = types.ModuleType("musiq.web.app")
    app.create_app = kept.append
    monkeypatch.setitem(sys.modules, "musiq.web.app", app)
    monkeypatch.setattr(server, "serve", lambda app, listening, ready, **options: ready())
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    def served(*arguments, code=0):
        result = call("serve", "--port", 0, *arguments, code=code)
        return (kept[-1] if kept else None), str(result.exception or "") + result.stderr, opened

    return served


def test_the_settings_are_those_of_settings(served):
    settings, printed, opened = served()
    assert settings == Settings(port=0)
    assert "scores and picks are kept nowhere" in printed
    assert re.search(r"musiq: http://127\.0\.0\.1:[1-9]\d*/ \(Ctrl-C stops it\)", printed)
    assert opened == []


def test_options_change_them(served, tmp_path):
    options = {
        "--checkpoint": ("some", "checkpoint", "some"),
        "--threads": (2, "threads", 2),
        "--workers": (3, "workers", 3),
        "--max-pixels": (1000, "max_pixels", 1000),
        "--max-memory": ("2GB", "max_memory", 2_000_000_000),
        "--max-patches": (64, "max_patches", 64),
        "--file-seconds": (5, "file_seconds", 5),
        "--file-memory": ("1GB", "file_memory", 1_000_000_000),
        "--upload-bytes": ("20MB", "upload_bytes", 20_000_000),
        "--file-bytes": ("10MB", "file_bytes", 10_000_000),
        "--uploads-bytes": ("30MB", "uploads_bytes", 30_000_000),
        "--files-per-request": (5, "files_per_request", 5),
        "--queue-length": (6, "queue_length", 6),
        "--jobs-waiting": (7, "jobs_waiting", 7),
        "--request-seconds": (8, "request_seconds", 8),
        "--body-seconds": (9, "body_seconds", 9),
        "--shutdown-seconds": (3, "shutdown_seconds", 3),
        "--allow-host": ("photos.lan", "hosts", ("photos.lan",)),
        "--store": (tmp_path / "a.sqlite", "store", tmp_path / "a.sqlite"),
        "--token": ("abcdefgh", "token", "abcdefgh"),
    }
    given = [part for name, (text, _, _) in options.items() for part in (name, text)]
    settings, printed, opened = served(tmp_path, *given, "--flat", "--no-start", "--open")
    expected = {name: value for _, name, value in options.values()}
    assert settings == Settings(folder=tmp_path, port=0, recursive=False, start=False, **expected)
    assert f"kept in {tmp_path / 'a.sqlite'}" in printed
    assert "abcdefgh" not in printed  # logs are read by others
    assert opened[0].endswith("/?token=abcdefgh")


def test_a_folder_has_a_store_of_its_own(served, tmp_path):
    folder = tmp_path / "my photos"
    folder.mkdir()
    settings, printed, _ = served(folder)
    digest = hashlib.blake2b(os.fsencode(folder), digest_size=6).hexdigest()
    assert settings.store == tmp_path / "state" / "musiq" / f"my_photos-{digest}.sqlite"
    assert (tmp_path / "state" / "musiq").stat().st_mode & 0o777 == 0o700
    assert str(settings.store) in printed
    (tmp_path / "link").symlink_to(folder)
    assert served(tmp_path / "link")[0].store == settings.store
    assert served(tmp_path)[0].store != settings.store
    assert served(folder, "--no-keep")[0].store is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_others_need_a_token_that_is_made(served, host):
    settings, printed, _ = served("--host", host)
    assert len(settings.token) >= 32
    assert settings.hosts == (socket.gethostname(),)
    assert re.search(rf"http://{re.escape(socket.gethostname())}:\d+/\?token={re.escape(settings.token)} ", printed)
    assert served("--host", host)[0].token != settings.token


def test_the_token_of_the_environment(served, monkeypatch):
    monkeypatch.setenv("MUSIQ_TOKEN", "from-the-environment")
    settings, printed, _ = served("--host", "0.0.0.0")
    assert settings.token == "from-the-environment"
    assert "token" not in printed
    monkeypatch.setenv("MUSIQ_TOKEN", "")
    assert served()[0].token is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_needs_none(served, host):
    assert served("--host", host)[0].token is None


def test_mistakes_are_one_sentence(served, tmp_path):
    (tmp_path / "file").write_text("")
    for arguments, reason in (
        ((tmp_path / "nothing",), "nothing: no such folder"),
        ((tmp_path / "file",), "file: no folder"),
        (("--token", "short"), "a token has at least 8"),
        (("--token", "with a space"), "a token has at least 8"),
        (("--no-keep", "--store", "a.sqlite"), "give one of them"),
        (("--upload-bytes", "many"), "many"),
        (("--port", "65536"), "65535"),
        (("--shutdown-seconds", "inf"), "3600"),
    ):
        _, printed, _ = served(*arguments, code=2)
        assert reason in printed
        assert "Traceback" not in printed


def test_a_port_in_use(served):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port}: Address already in use" in served("--port", port, code=2)[1]


def test_the_extra_is_named(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "musiq.web.app", None)
    assert "pip install 'musiq[web]'" in served(code=2)[1]


def test_a_real_server_answers_and_ends(tiny_folder, mixed_folder, tmp_path):
    command = [sys.executable, "-m", "musiq", "serve", mixed_folder, "--port", "0", "--checkpoint", tiny_folder]
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            kept, ready = process.stderr.readline(), process.stderr.readline()
            address = re.search(r"http://\S+", ready)[0]
            photo = (mixed_folder / "good.png").read_bytes()
            request = urllib.request.Request(f"{address}api/score/image", photo, {"Content-Type": "image/png"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                row = json.load(answer)
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=20)[1]
        finally:
            process.kill()
    assert (row["width"], row["height"], row["error"]) == (451, 300, None)
    assert f"kept in {tmp_path / 'musiq' / 'mixed-'}" in kept
    assert process.returncode == 0
    assert rest == ""
