import subprocess
import sys
import tempfile

from musiq.web.temporary import own_folder

PROGRAM = """
from musiq.web.temporary import own_folder
with own_folder() as folder:
    print(folder, flush=True)
    input()
"""


def test_a_folder_outlives_a_kill_until_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "musiq-serve-other").mkdir()  # not known to be one
    (tmp_path / "musiq-serve-link").symlink_to(tmp_path)
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        killed = tmp_path / server.stdout.readline().strip()
        with own_folder() as own:
            assert killed.is_dir()
            with own_folder() as third:
                assert own.is_dir()
                assert third != own
            server.kill()
            server.wait()
            (killed / "upload").touch()
            with own_folder():
                assert not killed.exists()
                assert own.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["musiq-serve-link", "musiq-serve-other"]
