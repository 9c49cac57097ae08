import numpy as np
import pytest
import torch

from musiq.config import ModelConfig
from musiq.errors import CheckpointError
from musiq.published import port_to_published, read_published
from musiq.sources import load_checkpoint
from tests.conftest import REFERENCE


def test_architecture_is_read_off_the_arrays():
    tiny = {"width": 24, "depth": 2, "heads": 6, "mlp": 48}
    assert read_published(REFERENCE / "tiny-multiscale.npz").model == ModelConfig(**tiny)
    single = read_published(REFERENCE / "tiny-single.npz")
    assert single.model == ModelConfig(**tiny, scales=1)
    assert single.patches.longer_sides == ()
    distribution = read_published(REFERENCE / "tiny-distribution.npz")
    assert distribution.model.outputs == 10
    assert (distribution.score.low, distribution.score.high) == (1, 10)


def test_what_the_file_does_not_say_is_not_guessed():
    checkpoint = read_published(REFERENCE / "tiny-multiscale.npz")
    assert checkpoint.score.low is None
    assert checkpoint.training_data == ()


@pytest.fixture
def arrays():
    with np.load(REFERENCE / "tiny-multiscale.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda arrays: arrays.pop("opt/target/gn_root/bias"), "missing opt/target/gn_root/bias"),
        (lambda arrays: arrays.update({"opt/target/extra": np.zeros(1)}), "unknown opt/target/extra"),
        (lambda arrays: arrays.update({"stranger": np.zeros(1)}), "unknown stranger"),
        (
            lambda arrays: arrays.update({"opt/target/head/bias": np.zeros(4)}),
            r"head.bias has shape \(4,\)",
        ),
        (lambda arrays: arrays.update({"opt/target/head/bias": np.array([np.nan])}), "head.bias holds NaN"),
        (lambda arrays: arrays.update({"opt/target/Transformer/cls": np.zeros((2, 3, 24))}), "cannot reshape"),
        (lambda arrays: arrays.pop("opt/target/conv_root/kernel"), "missing opt/target/conv_root/kernel"),
    ],
)
def test_faults_are_named(tmp_path, arrays, spoil, named):
    spoil(arrays)
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(CheckpointError, match=rf"bad\.npz: .*{named}"):
        load_checkpoint(tmp_path / "bad.npz")


def test_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "bad.npz", **{"opt/target/cls": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(CheckpointError, match="bad.npz: cannot be read as .npz"):
        load_checkpoint(tmp_path / "bad.npz")
    torch.save({"params": print}, tmp_path / "bad.pth")
    with pytest.raises(CheckpointError, match="bad.pth: cannot be read as arrays only"):
        load_checkpoint(tmp_path / "bad.pth")


def test_optimizer_state_of_a_published_file_is_left_alone(tmp_path, arrays):
    np.savez(tmp_path / "full.npz", **arrays, **{"opt/state/step": np.zeros(1)})
    assert load_checkpoint(tmp_path / "full.npz").id == load_checkpoint(REFERENCE / "tiny-multiscale.npz").id


@pytest.mark.parametrize(
    ("port", "published"),
    [
        ("conv_root.weight", "conv_root/kernel"),
        ("gn_root.weight", "gn_root/scale"),
        ("block1.conv_proj.weight", "block1/unit1/conv_proj/kernel"),
        ("block1.gn2.bias", "block1/unit1/gn2/bias"),
        ("embedding.weight", "embedding/kernel"),
        ("transformer_encoder.cls", "Transformer/cls"),
        ("transformer_encoder.posembed_input.position_emb", "Transformer/posembed_input/pos_embedding"),
        ("transformer_encoder.scaleembed_input.scale_emb", "Transformer/scaleembed_input/scale_embedding"),
        ("transformer_encoder.encoder_norm.weight", "Transformer/encoder_norm/scale"),
        ("transformer_encoder.transformer.encoderblock_3.norm1.weight", "Transformer/encoderblock_3/LayerNorm_0/scale"),
        (
            "transformer_encoder.transformer.encoderblock_0.attention.query.weight",
            "Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query/kernel",
        ),
        (
            "transformer_encoder.transformer.encoderblock_0.mlp.fc2.bias",
            "Transformer/encoderblock_0/MlpBlock_3/Dense_1/bias",
        ),
        ("head.0.weight", "head/kernel"),
    ],
)
def test_names_of_the_common_port(port, published):
    assert port_to_published(port) == published


def port_state(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """The tiny model in the port's names and layout, by hand from the published arrays."""
    target = {name.removeprefix("opt/target/"): torch.from_numpy(array) for name, array in arrays.items()}
    state = {
        "conv_root.weight": target["conv_root/kernel"].permute(3, 2, 0, 1),
        "embedding.weight": target["embedding/kernel"].T,
        "embedding.bias": target["embedding/bias"],
        "head.weight": target["head/kernel"].T,
        "head.bias": target["head/bias"],
        "transformer_encoder.cls": target["Transformer/cls"],
        "transformer_encoder.posembed_input.position_emb": target["Transformer/posembed_input/pos_embedding"],
        "transformer_encoder.scaleembed_input.scale_emb": target["Transformer/scaleembed_input/scale_embedding"][0],
        "transformer_encoder.encoder_norm.weight": target["Transformer/encoder_norm/scale"],
        "transformer_encoder.encoder_norm.bias": target["Transformer/encoder_norm/bias"],
        "gn_root.weight": target["gn_root/scale"].flatten(),
        "gn_root.bias": target["gn_root/bias"].flatten(),
    }
    for conv, norm in (("conv1", "gn1"), ("conv2", "gn2"), ("conv3", "gn3"), ("conv_proj", "gn_proj")):
        state[f"block1.{conv}.weight"] = target[f"block1/unit1/{conv}/kernel"].permute(3, 2, 0, 1)
        state[f"block1.{norm}.weight"] = target[f"block1/unit1/{norm}/scale"].flatten()
        state[f"block1.{norm}.bias"] = target[f"block1/unit1/{norm}/bias"].flatten()
    for index in range(2):
        theirs, ours = f"Transformer/encoderblock_{index}", f"transformer_encoder.transformer.encoderblock_{index}"
        for number, norm in ((0, "norm1"), (2, "norm2")):
            state[f"{ours}.{norm}.weight"] = target[f"{theirs}/LayerNorm_{number}/scale"]
            state[f"{ours}.{norm}.bias"] = target[f"{theirs}/LayerNorm_{number}/bias"]
        for number, layer in ((0, "fc1"), (1, "fc2")):
            state[f"{ours}.mlp.{layer}.weight"] = target[f"{theirs}/MlpBlock_3/Dense_{number}/kernel"].T
            state[f"{ours}.mlp.{layer}.bias"] = target[f"{theirs}/MlpBlock_3/Dense_{number}/bias"]
        for layer in ("query", "key", "value", "out"):
            kernel = target[f"{theirs}/MultiHeadDotProductAttention_1/{layer}/kernel"]
            state[f"{ours}.attention.{layer}.weight"] = kernel.reshape(24, 24).T
            bias = target[f"{theirs}/MultiHeadDotProductAttention_1/{layer}/bias"]
            state[f"{ours}.attention.{layer}.bias"] = bias.flatten()
    return state


@pytest.mark.parametrize("wrapped", [True, False])
def test_pth_of_the_common_port_holds_the_same_weights(tmp_path, arrays, wrapped):
    state = port_state(arrays)
    torch.save({"params": state} if wrapped else state, tmp_path / "tiny.pth")
    assert load_checkpoint(tmp_path / "tiny.pth").id == load_checkpoint(REFERENCE / "tiny-multiscale.npz").id


def test_other_files_are_refused(tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"1")
    with pytest.raises(CheckpointError, match=r"weights\.bin: a checkpoint is a folder, a \.npz or a \.pth file"):
        load_checkpoint(tmp_path / "weights.bin")
    torch.save({"params": {"fc.weight": torch.zeros(2)}}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"other\.pth: missing conv_root/kernel.*unknown fc/kernel"):
        load_checkpoint(tmp_path / "other.pth")
