import sys
from dataclasses import replace

import numpy as np
import pytest

from musiq.card import model_card
from musiq.checkpoint import Graphs, load_folder, save_checkpoint
from musiq.errors import CheckpointError
from musiq.published import read_published
from musiq.scorer import Scorer
from musiq.scores import Calibration, Population, ScoreRange
from musiq.sources import load_checkpoint, read_training
from tests.conftest import REFERENCE
from tests.hub import connected_hub

torch = pytest.importorskip("torch")
pytest.importorskip("huggingface_hub")
from musiq.integrations.huggingface import HubImageQuality  # noqa: E402
from musiq.quality import ImageQuality  # noqa: E402

KEPT = ("id", "preprocess", "score", "calibration", "population", "accuracy", "training_data", "licence", "graphs")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with connected_hub(tmp_path / "cache", monkeypatch) as hub:
        yield hub


@pytest.fixture(scope="module")
def checkpoint():
    """Its graphs are never run."""
    return replace(
        read_published(REFERENCE / "tiny-multiscale.npz"),
        name="mine",
        score=ScoreRange(0, 100),
        training_data=("KonIQ-10k",),
        licence="MIT",
        accuracy={"KonIQ-10k test": {"srcc": 0.9, "plcc": 0.91}},
        population=Population("9 photos", (1.0, 2.5)),
        calibration=Calibration(0.9, 2.5, "8 photos"),
        graphs=Graphs(b"stem", b"encoder", b"int8"),
    )


@pytest.fixture
def folder(tmp_path, checkpoint):
    save_checkpoint(checkpoint, tmp_path / "mine", {"epochs": 3})
    return tmp_path / "mine"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_goes_through_unchanged(folder, checkpoint, tmp_path):
    module = HubImageQuality.from_pretrained(folder)
    assert isinstance(module, ImageQuality)
    assert not module.training
    assert module.save_pretrained(tmp_path / "copy") is None
    assert contents(tmp_path / "copy") == contents(folder)
    loaded = load_checkpoint(tmp_path / "copy")
    assert {name: getattr(loaded, name) for name in KEPT} == {name: getattr(checkpoint, name) for name in KEPT}


def test_scores_are_the_modules(folder, checkpoint, photo):
    image = torch.from_numpy(photo).permute(2, 0, 1) / 255
    with torch.no_grad():
        np.testing.assert_array_equal(HubImageQuality.from_pretrained(folder)(image), ImageQuality(checkpoint)(image))


def test_what_it_wrote_scores_without_torch(tiny, tmp_path, photo):
    HubImageQuality(tiny).save_pretrained(tmp_path / "out")
    scorer = Scorer.load(tmp_path / "out", runtime="onnx")
    assert scorer.score(photo).mos == Scorer.load(tiny, runtime="onnx").score(photo).mos


def test_no_second_copy_of_the_weights_is_kept(checkpoint):
    module = HubImageQuality(checkpoint)
    held = [value for value in vars(module).values() if isinstance(value, dict) and "weights" in value]
    assert (held, module._hub_mixin_config) == ([], {})


def test_push_and_pull(hub, folder, checkpoint, tmp_path):
    module = HubImageQuality.from_pretrained(folder)
    url = module.push_to_hub("me/mine", commit_message="First", token="hf_secret", private=False)
    commit = hub.refs["me/mine"]["main"]
    assert url == f"{hub.url}/me/mine/commit/{commit}"
    pushed = hub.files("me/mine")
    assert {name: content for name, content in pushed.items() if name != ".gitattributes"} == contents(folder)
    assert load_checkpoint(f"hf://me/mine@{commit}#{checkpoint.id[:12]}").calibration == checkpoint.calibration
    for place, more in (("me/mine", {}), ("hf://me/mine", {"revision": commit}), (f"me/mine@{commit}", {})):
        assert HubImageQuality.from_pretrained(place, **more).as_checkpoint().id == checkpoint.id
    back = HubImageQuality.from_pretrained("me/mine", cache_dir=tmp_path / "elsewhere", token="hf_secret")
    back.save_pretrained(tmp_path / "back")
    assert contents(tmp_path / "back") == contents(folder)
    assert (tmp_path / "elsewhere" / "models--me--mine").is_dir()


def test_saving_may_push_at_once_to_a_branch(hub, folder, tmp_path):
    module = HubImageQuality.from_pretrained(folder)
    hub.commit("me/other", {".gitattributes": b""}, "next")
    url = module.save_pretrained(tmp_path / "out", repo_id="me/other", push_to_hub=True, branch="next")
    assert url.endswith(hub.refs["me/other"]["next"])
    assert set(hub.files("me/other", "next")) == {".gitattributes", *contents(folder)}


def test_a_push_leaves_nothing_of_an_older_checkpoint(hub, folder, checkpoint):
    hub.add_folder("me/mine", folder, **{"LICENSE": b"MIT"})
    HubImageQuality(replace(checkpoint, graphs=None)).push_to_hub("me/mine")
    left = {"LICENSE", "README.md", "config.json", "model.safetensors", "training.json"}
    assert set(hub.files("me/mine")) == left
    HubImageQuality(checkpoint).push_to_hub("me/mine", allow_patterns="*.onnx")
    assert set(hub.files("me/mine")) == left | {"stem.onnx", "encoder.onnx", "encoder_int8.onnx"}


def test_trained_on_it_loses_what_was_measured(folder, checkpoint, tmp_path):
    module = HubImageQuality.from_pretrained(folder)
    with torch.no_grad():
        module.network.head.bias += 1
    module.save_pretrained(tmp_path / "out")
    trained = load_folder(tmp_path / "out")
    assert trained.id != checkpoint.id
    assert (trained.calibration, trained.population, trained.accuracy) == (None, None, {})
    assert (trained.preprocess, trained.graphs) == (checkpoint.preprocess, checkpoint.graphs)
    started = {"checkpoint": "mine", "weights_sha256": checkpoint.id, "training": {"epochs": 3}}
    assert read_training(tmp_path / "out") == {"started_from": started}


def test_graphs_of_another_architecture_are_dropped(checkpoint, tmp_path):
    from musiq.model import MUSIQ

    module = HubImageQuality(checkpoint)
    module.network = MUSIQ(replace(checkpoint.model, depth=1))
    module.save_pretrained(tmp_path / "out")
    assert load_folder(tmp_path / "out").graphs is None


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda weights: weights.pop("norm.bias"), "missing norm.bias"),
        (lambda weights: weights.update(extra=np.zeros(2, np.float32)), "unknown extra"),
        (lambda weights: weights.update({"norm.bias": np.zeros(2, np.float32)}), r"norm.bias has shape \(2,\)"),
    ],
)
def test_weights_that_do_not_fit_are_errors(folder, edit, named):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    edit(weights)
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=named):
        HubImageQuality.from_pretrained(folder)


def test_options_that_make_no_sense(hub, folder, tmp_path):
    load = HubImageQuality.from_pretrained
    with pytest.raises(ValueError, match="strict=False would leave weights at random"):
        load(folder, strict=False)
    with pytest.raises(ValueError, match=r"revision='main', but .*mine is on this machine"):
        load(folder, revision="main")
    with pytest.raises(ValueError, match="names a revision, and so does revision='main'"):
        load("me/mine@v1", revision="main")
    with pytest.raises(CheckpointError, match=rf"have SHA-256 .*, not {'0' * 8}"):
        load(f"{folder}#{'0' * 8}")
    with pytest.raises(CheckpointError, match="not of the form"):
        load("nowhere")
    with pytest.raises(TypeError, match="num_labels"):
        load(folder, num_labels=3)
    module = load(folder, data_range=255)
    assert module.data_range == 255
    for name, value in (("config", {"a": 1}), ("model_card_kwargs", {"b": 2})):
        with pytest.raises(ValueError, match=rf"^{name}: config.json and README.md are the checkpoint's own"):
            module.save_pretrained(tmp_path / "out", **{name: value})
        with pytest.raises(ValueError, match=rf"^{name}: "):
            module.push_to_hub("me/mine", **{name: value})
    assert not (tmp_path / "out").exists()
    assert hub.asked == []


def test_an_older_folder_stays_when_saving_fails(folder, checkpoint):
    before = contents(folder)
    module = HubImageQuality.from_pretrained(folder)
    with torch.no_grad():
        module.network.head.bias.fill_(float("nan"))
    with pytest.raises(CheckpointError, match=r"head.bias holds NaN"):
        module.save_pretrained(folder)
    assert contents(folder) == before


def test_the_hub_reads_the_card(folder, checkpoint):
    from huggingface_hub import ModelCard, metadata_load
    from huggingface_hub.repocard_data import model_index_to_eval_results

    header = metadata_load(folder / "README.md")
    assert (header["license"], header["library_name"], header["pipeline_tag"]) == (
        "mit",
        "musiq",
        "image-classification",
    )
    assert (header["datasets"], header["metrics"]) == (["koniq-10k"], ["pearsonr", "spearmanr"])
    assert header["tags"] == ["image-quality-assessment", "musiq", "onnx"]
    card = ModelCard.load(folder / "README.md")
    assert card.data.model_name == "mine"
    name, results = model_index_to_eval_results(header["model-index"])
    assert name == "mine"
    assert results == card.data.eval_results
    assert {(one.dataset_name, one.metric_type, one.metric_name, one.metric_value) for one in results} == {
        ("KonIQ-10k test", "spearmanr", "SRCC", 0.9),
        ("KonIQ-10k test", "pearsonr", "PLCC", 0.91),
    }
    assert card.data.to_dict() == header
    assert f'Scorer.load("hf://owner/name#{checkpoint.id[:12]}")' in card.text


@pytest.mark.parametrize(
    ("licence", "written"),
    [
        ("", {"license": "unknown"}),
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("CC-BY-NC-4.0", {"license": "cc-by-nc-4.0"}),
        ("MIT and not stated", {"license": "other", "license_name": "mit-and-not-stated"}),
    ],
)
def test_licences(tmp_path, checkpoint, licence, written):
    header = read_header(tmp_path, replace(checkpoint, licence=licence))
    assert {key: value for key, value in header.items() if key.startswith("license")} == written


def test_a_card_of_little_and_of_odd_names(tmp_path, checkpoint):
    little = {"training_data": (), "accuracy": {}, "graphs": None, "licence": ""}
    assert set(read_header(tmp_path, replace(checkpoint, **little))) == {
        *("license", "library_name", "pipeline_tag", "tags"),
    }
    odd = 'yes: "my" #set\n- é\\'
    header = read_header(
        tmp_path,
        replace(checkpoint, name=odd, training_data=(odd, "---"), accuracy={odd: {"srcc": 1.0}, "x": {"mse": 2}}),
    )
    (entry,) = header["model-index"]
    assert entry["name"] == odd
    assert [result["dataset"] for result in entry["results"]] == [{"type": "yes-my-set", "name": odd}]
    assert header["datasets"] == ["yes-my-set"]


def read_header(folder, checkpoint):
    from huggingface_hub import ModelCard

    (folder / "card.md").write_text(model_card(checkpoint), encoding="utf-8")
    return ModelCard.load(folder / "card.md").data.to_dict()


def test_the_shipped_card_has_its_header(default_checkpoint):
    from musiq.card import header
    from musiq.sources import shipped_folder

    text = (shipped_folder("default") / "README.md").read_text(encoding="utf-8")
    assert text.startswith(header(default_checkpoint) + "# default\n")


def test_the_library_is_an_extra(monkeypatch):
    from musiq.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.delitem(sys.modules, "musiq.integrations.huggingface")
    with pytest.raises(MissingExtraError, match=r"musiq\[hub\]"):
        import musiq.integrations.huggingface  # noqa: F401
