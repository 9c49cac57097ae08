"""Checkpoint folders: `model.safetensors`, `config.json`, `training.json`, `README.md`, and perhaps two files more.

A folder explains itself: architecture, preprocessing, score range and direction, training data. The SHA-256 over the
weights is the checkpoint's id, whatever file they came from.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from musiq.atomic import write_folder
from musiq.card import model_card
from musiq.config import ModelConfig, weight_shapes
from musiq.errors import CheckpointError
from musiq.patches import PatchConfig
from musiq.resize import Profile
from musiq.scores import Calibration, OwnScale, Population, ScoreRange

Weights = dict[str, NDArray[np.float32]]
FORMAT = 1
MEANING = ("population", "calibration", "own_scale")  # what a config.json may lack


class Graphs(NamedTuple):
    """An architecture as ONNX without weights (`stem.onnx`, `encoder.onnx`, `encoder_int8.onnx`)."""

    stem: bytes
    encoder: bytes
    encoder_int8: bytes


@dataclass(frozen=True)
class Checkpoint:
    """Trained weights and everything needed to read a score off them.

    Attributes:
        name: what results are labelled with.
        weights: float32 arrays under the names of `model.py`.
        model: architecture.
        patches: how an image becomes patches.
        score: range, direction and unit of the network's scores; see `score_range` for what it gives.
        training_data: data sets it was trained on; empty when unknown.
        licence: of the weights; empty when unknown.
        accuracy: measured agreement with ratings, by data set.
        population: photos that its scores are compared with, None for none.
        calibration: how far its scores are off, None when it does not say.
        graphs: exported ONNX graphs without weights, None when the folder has none.
        training_images: CSV of the images it was trained on, as `musiq.data.seen` writes it (`training_images.csv`);
            None when the folder has none.
        own_scale: what its scores are mapped to, None for nothing. Its `population` is of scores before the map, its
            `calibration` of those after it.
    """

    name: str
    weights: Weights
    model: ModelConfig = field(default_factory=ModelConfig)
    patches: PatchConfig = field(default_factory=PatchConfig)
    score: ScoreRange = field(default_factory=ScoreRange)
    training_data: tuple[str, ...] = ()
    licence: str = ""
    accuracy: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    population: Population | None = None
    calibration: Calibration | None = None
    graphs: Graphs | None = None
    training_images: bytes | None = None
    own_scale: OwnScale | None = None

    def __post_init__(self) -> None:
        for name in ("scales", "grid_size", "patch_size"):
            network, cut = getattr(self.model, name), getattr(self.patches, name)
            if network != cut:
                raise CheckpointError(f"{self.name}: the network has {name} {network}, its patches {cut}")

    @property
    def score_range(self) -> ScoreRange:
        """Range and direction of the scores that it gives."""
        return self.score if self.own_scale is None else self.own_scale.range

    @property
    def preprocess(self) -> str:
        """What its scores compare under: the preprocessing, and the scale of one's own that they are mapped to."""
        return self.patches.id + ("" if self.own_scale is None else f"/scale-{self.own_scale.id}")

    def under(self, profile: Profile | None) -> "Checkpoint":
        """The same weights under another profile of preprocessing; itself where `profile` is None or its own.

        Its scores are other ones: what was measured on the old (accuracy, population, calibration) is left out.

        Raises:
            CheckpointError: its scores are mapped to a scale of one's own, which was learned under its own profile.
            ValueError: there is no such profile.
        """
        if profile is None or profile == self.patches.profile:
            return self
        patches = replace(self.patches, profile=profile)
        if self.own_scale is not None:
            raise CheckpointError(
                f"{self.name}: its scale of its own ({self.own_scale.name or 'unnamed'}) was learned under "
                f"{self.patches.profile} and does not hold under {profile}"
            )
        return replace(self, patches=patches, accuracy={}, population=None, calibration=None)

    @cached_property
    def id(self) -> str:
        """SHA-256 over names, shapes and values of the weights."""
        digest = hashlib.sha256()
        for name in sorted(self.weights):
            array = np.ascontiguousarray(self.weights[name], np.float32)
            digest.update(f"{name}{array.shape}".encode())
            digest.update(array.data)
        return digest.hexdigest()


def load_folder(folder: Path) -> Checkpoint:
    """The checkpoint in a folder of ours; unknown, missing or misshapen entries are errors that name them."""
    config = _read_config(folder / "config.json")
    try:
        weights = _map_weights(folder / "model.safetensors")
    except Exception as error:  # safetensors raises its own kinds for damaged files
        raise CheckpointError(f"{folder / 'model.safetensors'}: {error}") from error
    checkpoint = Checkpoint(
        name=config["name"],
        weights=weights,
        model=_build(ModelConfig, config["model"], folder),
        patches=_build(PatchConfig, config["patches"], folder),
        score=_build(ScoreRange, config["score"], folder),
        training_data=tuple(config["training_data"]),
        licence=config["licence"],
        accuracy=config["accuracy"],
        population=_build_if_there(Population, config.get("population"), folder),
        calibration=_build_if_there(Calibration, config.get("calibration"), folder),
        graphs=_read_graphs(folder),
        training_images=_read_if_there(folder / "training_images.csv"),
        own_scale=_build_if_there(OwnScale, config.get("own_scale"), folder),
    )
    check_weights(checkpoint.weights, checkpoint.model, str(folder / "model.safetensors"))
    if checkpoint.patches.id != config["preprocess"]:
        raise CheckpointError(
            f"{folder}: its patches are {checkpoint.patches.id}, config.json says {config['preprocess']}"
        )
    if checkpoint.id != config["weights_sha256"]:
        raise CheckpointError(f"{folder}: the weights have SHA-256 {checkpoint.id}, config.json names another")
    return checkpoint


def save_checkpoint(checkpoint: Checkpoint, folder: Path, training: Mapping[str, Any] | None = None) -> None:
    """Writes a checkpoint folder, over an older one if there is one: whole, or not at all.

    Weights that 16 bits hold exactly, as after `round_to_half`, take 16 bits in the file.

    Raises:
        CheckpointError: the weights do not fit the architecture, or the disk does not take them; an older checkpoint is
            untouched then.
    """
    check_weights(checkpoint.weights, checkpoint.model, checkpoint.name)
    weights = {name: _shortest(array) for name, array in checkpoint.weights.items()}
    files = {
        "model.safetensors": save(weights),
        "config.json": _to_json(describe(checkpoint)),
        "training.json": _to_json(training or {}),
        "README.md": model_card(checkpoint).encode(),
        **_graph_files(checkpoint.graphs),
        "training_images.csv": checkpoint.training_images,
    }
    try:
        write_folder(folder, files)
    except OSError as error:
        untouched = "; the checkpoint that was there is untouched" if folder.exists() else ""
        raise CheckpointError(f"{folder}: cannot be written: {error.strerror}{untouched}") from error


def describe(checkpoint: Checkpoint) -> dict[str, Any]:
    """What `config.json` holds."""
    return {
        "format": FORMAT,
        "name": checkpoint.name,
        "weights_sha256": checkpoint.id,
        "preprocess": checkpoint.patches.id,
        "model": asdict(checkpoint.model),
        "patches": asdict(checkpoint.patches),
        "score": asdict(checkpoint.score),
        "training_data": list(checkpoint.training_data),
        "licence": checkpoint.licence,
        "accuracy": {name: dict(figures) for name, figures in checkpoint.accuracy.items()},
        **{name: asdict(part) for name in MEANING if (part := getattr(checkpoint, name)) is not None},
    }


def check_weights(weights: Mapping[str, NDArray[Any]], model: ModelConfig, place: str) -> None:
    """Raises a `CheckpointError` that names every unknown, missing or misshapen array."""
    expected = weight_shapes(model)
    faults = [f"missing {name}" for name in expected if name not in weights]
    faults += [f"unknown {name}" for name in weights if name not in expected]
    faults += [
        f"{name} has shape {weights[name].shape}, not {shape}"
        for name, shape in expected.items()
        if name in weights and weights[name].shape != shape
    ]
    faults += [f"{name} is {array.dtype}, not float32" for name, array in weights.items() if array.dtype != np.float32]
    faults += [f"{name} holds NaN or infinity" for name in weights if not np.isfinite(weights[name]).all()]
    if faults:
        raise CheckpointError(f"{place}: {'; '.join(faults)}")


def round_to_half(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with weights that 16 bits hold: half the file, other scores by a rounding, another id.

    Raises:
        CheckpointError: a weight is beyond what 16 bits hold (65,504).
    """
    with np.errstate(over="ignore"):
        halves = {name: array.astype(np.float16) for name, array in checkpoint.weights.items()}
    weights = {name: array.astype(np.float32) for name, array in halves.items()}
    check_weights(weights, checkpoint.model, f"{checkpoint.name} in 16 bits")
    return replace(checkpoint, weights=weights)


def _shortest(array: NDArray[np.float32]) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(array, np.float16)
    return half if np.array_equal(half, array) else np.ascontiguousarray(array, np.float32)


def _map_weights(path: Path) -> Weights:
    """The arrays of a safetensors file. Those of 32 bits are read-only views of the file: the system loads what is
    read, and shares it."""
    with safe_open(path, "np"):  # checks the file
        pass
    file = np.memmap(path, mode="r")
    start = 8 + int.from_bytes(file[:8].tobytes(), "little")
    header = json.loads(file[8:start].tobytes())
    return {name: _view(file[start:], entry) for name, entry in header.items() if name != "__metadata__"}


def _view(data: NDArray[np.uint8], entry: dict[str, Any]) -> NDArray[Any]:
    kinds = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
    first, last = entry["data_offsets"]
    if entry["dtype"] not in kinds:
        raise ValueError(f"arrays of type {entry['dtype']}")
    array = np.asarray(data[first:last]).view(kinds[entry["dtype"]]).reshape(entry["shape"])
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    needed = {"format", "name", "weights_sha256", "preprocess", "model", "patches", "score", "training_data"}
    needed |= {"licence", "accuracy"}
    given = set(config).difference(MEANING) if isinstance(config, dict) else set()
    if given != needed:
        raise CheckpointError(f"{path}: missing keys {sorted(needed - given)}, unknown keys {sorted(given - needed)}")
    if config["format"] != FORMAT:
        raise CheckpointError(f"{path}: format {config['format']}; this musiq reads format {FORMAT}")
    return config


def _build(kind: type[Any], fields: dict[str, Any], folder: Path) -> Any:
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{folder / 'config.json'}: {kind.__name__}: {error}") from error


def _build_if_there(kind: type[Any], fields: dict[str, Any] | None, folder: Path) -> Any:
    return None if fields is None else _build(kind, fields, folder)


def _read_graphs(folder: Path) -> Graphs | None:
    found = [_read_if_there(folder / f"{name}.onnx") for name in Graphs._fields]
    graphs = [graph for graph in found if graph is not None]
    return Graphs(*graphs) if len(graphs) == len(found) else None


def _graph_files(graphs: Graphs | None) -> dict[str, bytes | None]:
    return {f"{name}.onnx": getattr(graphs, name, None) for name in Graphs._fields}


def _read_if_there(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _to_json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()
