import logging
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from musiq.checkpoint import Graphs, save_checkpoint
from musiq.errors import CheckpointError, MissingExtraError
from musiq.hub import FILES, HubAddress, fetch, fetch_once
from musiq.published import read_published
from musiq.scorer import Scorer
from musiq.scores import ScoreRange
from musiq.sources import load_checkpoint, read_training
from tests.conftest import REFERENCE
from tests.hub import connected_hub, running_hub

pytest.importorskip("huggingface_hub")
PUBLISHED = REFERENCE / "tiny-multiscale.npz"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with connected_hub(tmp_path / "cache", monkeypatch) as hub:
        yield hub


@pytest.fixture
def checkpoint():
    """Its graphs are never run, but the folder has every file that a folder can have."""
    told = {"score": ScoreRange(0, 100), "licence": "MIT", "training_images": b"image,hash\n"}
    return replace(read_published(PUBLISHED), name="mine", graphs=Graphs(b"stem", b"encoder", b"int8"), **told)


@pytest.fixture
def folder(tmp_path, checkpoint):
    save_checkpoint(checkpoint, tmp_path / "mine", {"epochs": 3})
    return tmp_path / "mine"


@pytest.fixture
def scoring_folder(tmp_path, tiny):
    save_checkpoint(tiny, tmp_path / "scoring")
    return tmp_path / "scoring"


def test_what_a_folder_holds_is_what_is_fetched(folder):
    assert {path.name for path in folder.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hf://me/mine", ("me/mine", "", None)),
        ("hf://me/mine/", ("me/mine", "", None)),
        ("hf://me/mine@v1.0", ("me/mine", "", "v1.0")),
        ("hf://me/mine@refs/pr/3", ("me/mine", "", "refs/pr/3")),
        ("hf://me/mine/runs/best@main", ("me/mine", "runs/best", "main")),
        ("hf://me/mine.pt/koniq_ckpt.npz", ("me/mine.pt", "koniq_ckpt.npz", None)),
    ],
)
def test_addresses(text, parts):
    address = HubAddress.parse(text)
    assert (address.repository, address.inside, address.revision) == parts


@pytest.mark.parametrize(
    "text",
    [
        "hf://",
        "hf://mine",
        "hf://me//mine",
        "hf://me/mine@",
        "hf://me/mine@a b",
        "hf://me/mine/../other",
        "hf://me/mine@../main",
        "hf://me/mine/*",
        "hf://me/mine/[a]",
        "hf://me/mine?x=1",
    ],
)
def test_what_is_no_address(text, hub):
    with pytest.raises(CheckpointError, match=rf"^{re.escape(text)}: not of the form hf://owner/name"):
        load_checkpoint(text)
    assert hub.asked == []


@pytest.mark.parametrize("name", ["model.pth", "model.pt", "pytorch_model.bin", "best.ckpt"])
def test_pickles_are_not_asked_for(name, hub):
    with pytest.raises(CheckpointError, match="never pickles"):
        load_checkpoint(f"hf://me/mine/{name}")
    assert hub.asked == []


def test_only_the_files_of_a_checkpoint_are_fetched(hub, folder, tmp_path):
    hub.add_folder(
        "me/mine", folder, **{"pytorch_model.bin": b"evil", "run.py": b"evil", "deep/model.safetensors": b"x"}
    )
    loaded = load_checkpoint("hf://me/mine")
    assert (loaded.id, loaded.name, loaded.training_images) == (load_checkpoint(folder).id, "mine", b"image,hash\n")
    assert loaded.graphs == load_checkpoint(folder).graphs
    assert read_training("hf://me/mine") == {"epochs": 3}
    fetched = {path.name for path in (tmp_path / "cache").rglob("snapshots/*/*")}
    assert fetched == set(FILES)
    assert not any(
        "evil" in path.read_text(errors="ignore") for path in (tmp_path / "cache").rglob("*") if path.is_file()
    )
    assert all(token is None for token in hub.tokens)


def test_scores_are_those_of_the_folder(hub, scoring_folder, photo):
    hub.add_folder("me/mine", scoring_folder)
    assert Scorer.load("hf://me/mine").score(photo).mos == Scorer.load(scoring_folder).score(photo).mos


def test_a_branch_is_told_as_its_commit_and_asked_for_once(hub, folder, caplog):
    commit = hub.add_folder("me/mine", folder)
    known = load_checkpoint(folder).id
    with caplog.at_level(logging.WARNING):
        load_checkpoint("hf://me/mine")
    assert caplog.messages == [f"musiq: hf://me/mine@main is hf://me/mine@{commit}#{known[:12]} now"]
    asked = len(hub.asked)
    hub.commit("me/mine", {"config.json": b"{}"})
    assert read_training("hf://me/mine") == {"epochs": 3}
    assert load_checkpoint("hf://me/mine").id == known
    assert len(hub.asked) == asked


def test_what_is_told_is_a_pin(hub, folder, caplog):
    commit = hub.add_folder("me/mine", folder)
    load_checkpoint("hf://me/mine")
    (pinned,) = re.findall(r"hf://\S+#\w+", caplog.text)
    assert pinned.startswith(f"hf://me/mine@{commit}#")
    hub.commit("me/mine", {"config.json": b"{}"})
    caplog.clear()
    assert load_checkpoint(pinned).id == load_checkpoint(folder).id
    assert caplog.messages == []


def test_a_revision_is_taken(hub, folder, checkpoint, tmp_path):
    single = read_published(REFERENCE / "tiny-single.npz")
    save_checkpoint(single, tmp_path / "other")
    hub.commit("me/mine", {path.name: path.read_bytes() for path in folder.iterdir()}, branch="v1")
    first = hub.refs["me/mine"]["v1"]
    hub.add_folder("me/mine", tmp_path / "other")
    assert load_checkpoint("hf://me/mine").id == single.id
    for revision in ("v1", first):
        assert load_checkpoint(f"hf://me/mine@{revision}").id == checkpoint.id


def test_pins(hub, folder, checkpoint):
    hub.add_folder("me/mine", folder)
    known, other = checkpoint.id, read_published(REFERENCE / "tiny-single.npz").id
    for place in ("hf://me/mine", "hf://me/mine@main", folder, PUBLISHED):
        assert load_checkpoint(f"{place}#{known[:8]}").id == known
        assert load_checkpoint(f"{place}#{known.upper()}").id == known
        with pytest.raises(CheckpointError, match=rf"have SHA-256 {known}, not {other[:12]}"):
            load_checkpoint(f"{place}#{other[:12]}")


def test_folders_and_published_files_in_a_repository(hub, folder, checkpoint):
    hub.add_folder("me/many", folder, inside="runs/best/", **{"koniq_ckpt.npz": PUBLISHED.read_bytes()})
    assert load_checkpoint("hf://me/many/runs/best").name == "mine"
    published = load_checkpoint("hf://me/many/koniq_ckpt.npz@main")
    assert (published.name, published.id) == ("koniq_ckpt", checkpoint.id)
    assert read_training("hf://me/many/koniq_ckpt.npz") == {}
    with pytest.raises(CheckpointError, match=r"hf://me/many@\w{40}: no config.json, so no checkpoint of musiq"):
        load_checkpoint("hf://me/many")
    with pytest.raises(CheckpointError, match=r"hf://me/many/spaq.npz@\w{40}: no such file"):
        load_checkpoint("hf://me/many/spaq.npz")


def test_what_is_malformed_there_is_refused_as_here(hub, folder):
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    hub.commit("me/mine", files | {"model.safetensors": files["model.safetensors"][:-4]})
    with pytest.raises(CheckpointError, match="model.safetensors"):
        load_checkpoint("hf://me/mine")


def test_what_is_not_there(hub, folder):
    hub.add_folder("me/mine", folder)
    with pytest.raises(CheckpointError, match=rf"^hf://me/none@main: no such repository at {hub.url}, or it"):
        load_checkpoint("hf://me/none")
    with pytest.raises(CheckpointError, match=r"^hf://me/mine@v9: the repository has no revision 'v9'$"):
        load_checkpoint("hf://me/mine@v9")


def test_private_repositories_need_the_librarys_login(hub, folder, monkeypatch, caplog, capfd):
    hub.add_folder("me/mine", folder)
    hub.private["me/mine"] = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(CheckpointError, match="private or gated, which `hf auth login` may open") as caught:
        load_checkpoint("hf://me/mine")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert load_checkpoint("hf://me/mine").name == "mine"
    assert set(hub.tokens) == {"hf_wrong", "hf_secret"}
    said = capfd.readouterr()
    for text in (str(caught.value), caplog.text, said.out, said.err):
        assert "hf_wrong" not in text
        assert "hf_secret" not in text


def test_without_a_network_the_cache_serves(hub, folder, monkeypatch):
    from huggingface_hub import constants

    commit = hub.add_folder("me/mine", folder)
    load_checkpoint("hf://me/mine")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    fetch_once.cache_clear()
    asked = len(hub.asked)
    assert load_checkpoint("hf://me/mine").name == "mine"
    assert load_checkpoint(f"hf://me/mine@{commit}").name == "mine"
    with pytest.raises(CheckpointError, match=r"^hf://me/other@main: the cache \(.*\) does not hold all.* HF_HUB"):
        load_checkpoint("hf://me/other")
    assert len(hub.asked) == asked


def test_an_incomplete_cache_is_no_checkpoint(hub, folder, monkeypatch, tmp_path):
    from huggingface_hub import constants

    hub.add_folder("me/mine", folder)
    load_checkpoint("hf://me/mine")
    next((tmp_path / "cache").rglob("snapshots/*/stem.onnx")).unlink()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    fetch_once.cache_clear()
    with pytest.raises(CheckpointError, match="does not hold all of it, and HF_HUB_OFFLINE forbids"):
        load_checkpoint("hf://me/mine")


@pytest.mark.parametrize(("status", "reason"), [(503, "answers 503"), (None, "cannot be reached")])
def test_a_server_that_is_gone(hub, folder, monkeypatch, status, reason):
    from huggingface_hub import constants

    hub.add_folder("me/mine", folder)
    load_checkpoint("hf://me/mine")
    fetch_once.cache_clear()
    hub.down = status
    if status is None:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://user:hf_secret@127.0.0.1:{unused_port()}")
    assert load_checkpoint("hf://me/mine").name == "mine"
    with pytest.raises(CheckpointError, match=rf"^hf://me/other@main: .*, and http://127\S+ {reason}$") as caught:
        load_checkpoint("hf://me/other")
    assert "hf_secret" not in str(caught.value)


def unused_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_commands_that_take_paths(hub, folder, tmp_path, checkpoint):
    from musiq.cli import app

    hub.add_folder("me/mine", folder)
    for source, out in (("hf://me/mine", "a"), (f"{folder}#{checkpoint.id[:8]}", "b")):
        assert CliRunner().invoke(app, ["checkpoints", "import", source, str(tmp_path / out)]).exit_code == 0
        assert load_checkpoint(tmp_path / out).id == checkpoint.id
    average = ["checkpoints", "average", "hf://me/mine", str(folder), "--out", str(tmp_path / "mean")]
    assert CliRunner().invoke(app, average).exit_code == 0
    parts = read_training(tmp_path / "mean")["averaged"]
    assert [part["training"] for part in parts] == [{"epochs": 3}] * 2
    assert load_checkpoint(Path("hf://me/mine")).id == checkpoint.id


def test_fetching_may_be_switched_off(hub, folder):
    hub.add_folder("me/mine", folder)
    with pytest.raises(CheckpointError, match="fetching is switched off"):
        fetch(HubAddress("me/mine"), local_files_only=True)
    assert hub.asked == []


def test_a_connection_that_breaks_is_one_sentence(hub, folder, monkeypatch):
    import huggingface_hub

    def broken(*_, **__):
        raise RuntimeError("token hf_secret\nsecond line")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", broken)
    with pytest.raises(CheckpointError, match=rf"^hf://me/mine@main: cannot be fetched from {hub.url}: RuntimeError$"):
        load_checkpoint("hf://me/mine")


def test_the_library_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"musiq\[hub\]"):
        load_checkpoint("hf://me/never-fetched")


def test_commands_take_addresses(scoring_folder, photo, tmp_path):
    """In processes of their own, with the library's own environment."""
    from PIL import Image

    Image.fromarray(photo).save(tmp_path / "photo.png")
    with running_hub() as hub:
        commit = hub.add_folder("me/mine", scoring_folder)
        environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "hf_secret"}

        def musiq(*arguments, **more):
            command = [sys.executable, "-m", "musiq", *arguments]
            return subprocess.run(command, cwd=tmp_path, env=environment | more, capture_output=True, text=True)

        done = musiq("score", "photo.png", "--checkpoint", "hf://me/mine", "--format", "csv")
        assert done.returncode == 0, done.stderr
        assert f"hf://me/mine@main is hf://me/mine@{commit}#" in done.stderr
        score = float(re.search(r"photo\.png,(-?[\d.]+)", done.stdout)[1])
        np.testing.assert_allclose(score, Scorer.load(scoring_folder).score(photo).mos, rtol=1e-6)
        asked = len(hub.asked)
        done = musiq("score", "photo.png", "--checkpoint", "hf://me/other", HF_HUB_OFFLINE="1")
        assert (done.returncode, len(hub.asked)) == (2, asked)
        assert re.fullmatch(r"musiq: hf://me/other@main: .* and HF_HUB_OFFLINE forbids to fetch it\n", done.stderr)
        assert "hf_secret" not in done.stdout + done.stderr
