"""Readers for other people's checkpoint files: the published `.npz`, and the `.pth` of the common PyTorch port.

Both hold arrays only; neither says on which data it was trained nor which range its scores have, so neither do we.
A network with ten outputs predicts the ratings 1..10 (AVA), which fixes its range.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musiq.checkpoint import Checkpoint, Weights, check_weights
from musiq.config import ModelConfig
from musiq.errors import CheckpointError, MissingExtraError
from musiq.patches import PatchConfig
from musiq.scores import ScoreRange

Arrays = Mapping[str, NDArray[Any]]
PREFIX = "opt/target/"
LONGER_SIDES: dict[int, tuple[int, ...]] = {1: (), 3: (224, 384)}
PORT_HEADS = 6  # a .pth does not tell; the port has no other


def _dense(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.weight": f"{theirs}/kernel", f"{ours}.bias": f"{theirs}/bias"}


def _norm(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.weight": f"{theirs}/scale", f"{ours}.bias": f"{theirs}/bias"}


# our name -> name in the published files
KERNELS = {
    "stem.conv.weight": "conv_root/kernel",
    "stem.block.conv1.weight": "block1/unit1/conv1/kernel",
    "stem.block.conv2.weight": "block1/unit1/conv2/kernel",
    "stem.block.conv3.weight": "block1/unit1/conv3/kernel",
    "stem.block.shortcut.weight": "block1/unit1/conv_proj/kernel",
}
OUTSIDE_BLOCKS = {
    **KERNELS,
    **_norm("stem.norm", "gn_root"),
    **_norm("stem.block.norm1", "block1/unit1/gn1"),
    **_norm("stem.block.norm2", "block1/unit1/gn2"),
    **_norm("stem.block.norm3", "block1/unit1/gn3"),
    **_norm("stem.block.shortcut_norm", "block1/unit1/gn_proj"),
    **_dense("stem.project", "embedding"),
    "class_token": "Transformer/cls",
    "spatial": "Transformer/posembed_input/pos_embedding",
    "scale": "Transformer/scaleembed_input/scale_embedding",
    **_norm("norm", "Transformer/encoder_norm"),
    **_dense("head", "head"),
}
IN_BLOCK = {
    **_norm("attention_norm", "LayerNorm_0"),
    **_dense("attention.query", "MultiHeadDotProductAttention_1/query"),
    **_dense("attention.key", "MultiHeadDotProductAttention_1/key"),
    **_dense("attention.value", "MultiHeadDotProductAttention_1/value"),
    **_dense("attention.out", "MultiHeadDotProductAttention_1/out"),
    **_norm("mlp_norm", "LayerNorm_2"),
    **_dense("mlp.expand", "MlpBlock_3/Dense_0"),
    **_dense("mlp.contract", "MlpBlock_3/Dense_1"),
}

BATCHED = {"class_token": 1, "spatial": 2, "scale": 2}  # our name -> axes without the batch in front
# part of a name in the common port -> in the published files
PORT_PARTS = {
    "norm1": "LayerNorm_0",
    "norm2": "LayerNorm_2",
    "attention": "MultiHeadDotProductAttention_1",
    "mlp.fc1": "MlpBlock_3.Dense_0",
    "mlp.fc2": "MlpBlock_3.Dense_1",
    "position_emb": "pos_embedding",
    "scale_emb": "scale_embedding",
}


def read_published(path: Path) -> Checkpoint:
    """The checkpoint in a published `.npz` or in the common port's `.pth`, named after the file.

    Raises:
        CheckpointError: the file is neither, or its keys are missing, unknown or misshapen.
    """
    readers = {".npz": _read_npz, ".pth": _read_pth, ".pt": _read_pth}
    if path.suffix not in readers:
        raise CheckpointError(f"{path}: a checkpoint is a folder, a .npz or a .pth file")
    try:
        weights, model = readers[path.suffix](path)
    except (ValueError, IndexError) as error:  # arrays of so odd a shape that no architecture can be read off them
        raise CheckpointError(f"{path}: {error}") from error
    check_weights(weights, model, str(path))
    score = ScoreRange(1, 10) if model.outputs == 10 else ScoreRange()
    sides = LONGER_SIDES.get(model.scales)
    if sides is None:
        raise CheckpointError(f"{path}: {model.scales} scales; published models have 1 or 3")
    patches = PatchConfig(longer_sides=sides, grid_size=model.grid_size, patch_size=model.patch_size)
    return Checkpoint(path.stem, weights, model, patches, score)


def published_name(ours: str) -> str:
    """Name of one of our weights in the published files, without the prefix."""
    if match := re.fullmatch(r"blocks\.(\d+)\.(.+)", ours):
        return f"Transformer/encoderblock_{match[1]}/{IN_BLOCK[match[2]]}"
    return OUTSIDE_BLOCKS[ours]


def _read_npz(path: Path) -> tuple[Weights, ModelConfig]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if not name.startswith("opt/state/")}
    except Exception as error:  # numpy and zipfile raise many kinds for damaged files
        raise CheckpointError(f"{path}: cannot be read as .npz: {error}") from error
    renamed = _rename(arrays, PREFIX, path)
    heads = renamed["blocks.0.attention.query.weight"].shape[1]
    weights = {name: _our_layout(name, array) for name, array in renamed.items()}
    return weights, _architecture(weights, heads)


def _read_pth(path: Path) -> tuple[Weights, ModelConfig]:
    try:
        import torch
    except ImportError:
        raise MissingExtraError(f"reading {path}", "train") from None
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state = saved.get("params", saved)
        arrays = {port_to_published(name): value.float().numpy() for name, value in state.items()}
    except Exception as error:  # torch raises many kinds for damaged or unsafe files
        raise CheckpointError(f"{path}: cannot be read as arrays only: {error}") from error
    weights = {name: _without_batch(name, array) for name, array in _rename(arrays, "", path).items()}
    return weights, _architecture(weights, PORT_HEADS)


def _rename(arrays: Arrays, prefix: str, path: Path) -> dict[str, NDArray[Any]]:
    """The arrays under our names; every missing and unknown one is named."""
    blocks = {match[1] for name in arrays if (match := re.search(r"/encoderblock_(\d+)/", name))}
    names = [*OUTSIDE_BLOCKS, *(f"blocks.{index}.{name}" for index in range(len(blocks) or 1) for name in IN_BLOCK)]
    ours = {prefix + published_name(name): name for name in names}
    faults = [f"missing {name}" for name in ours if name not in arrays]
    faults += [f"unknown {name}" for name in arrays if name not in ours]
    if faults:
        raise CheckpointError(f"{path}: {'; '.join(faults)}")
    return {ours[name]: array for name, array in arrays.items()}


def _our_layout(ours: str, array: NDArray[Any]) -> NDArray[np.float32]:
    """Kernels are (in, out) there and (out, in) here; heads are axes there and folded here."""
    array = array.astype(np.float32)
    if ours in KERNELS:
        return array.transpose(3, 2, 0, 1)  # (h, w, in, out) -> (out, in, h, w)
    if ours in BATCHED:
        return _without_batch(ours, array)
    if re.search(r"attention\.(query|key|value)\.weight", ours):
        return array.reshape(len(array), -1).T  # (D, H, D/H) -> (D, D)
    if ours.endswith("attention.out.weight"):
        return array.reshape(-1, array.shape[-1]).T  # (H, D/H, D) -> (D, D)
    return array.T if array.ndim == 2 and ours.endswith("weight") else array.reshape(-1)


def _without_batch(ours: str, array: NDArray[Any]) -> NDArray[Any]:
    """Tables carry axes of length 1 in front there."""
    return array.reshape(array.shape[-BATCHED[ours] :]) if ours in BATCHED else array


def _architecture(weights: Weights, heads: int) -> ModelConfig:
    shape = {name: array.shape for name, array in weights.items()}
    stem = shape["stem.conv.weight"][0]
    return ModelConfig(
        width=shape["class_token"][0],
        depth=sum(name.endswith("attention_norm.bias") for name in shape),
        heads=heads,
        mlp=shape["blocks.0.mlp.expand.bias"][0],
        outputs=shape["head.weight"][0],
        scales=shape["scale"][0],
        grid_size=round(shape["spatial"][0] ** 0.5),
        patch_size=4 * round((shape["stem.project.weight"][1] / (4 * stem)) ** 0.5),
        stem=stem,
    )


def port_to_published(name: str) -> str:
    """Published name of one of the common port's parameters."""
    name = re.sub(r"^head\.0\.", "head.", name)
    name = re.sub(r"^block1\.", "block1.unit1.", name)
    name = re.sub(r"^transformer_encoder\.(transformer\.)?", "Transformer.", name)
    for theirs, published in PORT_PARTS.items():
        name = re.sub(rf"(?<=\.){re.escape(theirs)}(?=\.|$)", published, name)
    leaf = "scale" if re.search(r"(gn_\w+|gn\d|norm|LayerNorm_\d)\.weight$", name) else "kernel"
    return re.sub(r"\.weight$", f".{leaf}", name).replace(".", "/")
