"""What an exported file says of itself, and what stands beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from musiq.checkpoint import Checkpoint

FormatName = Literal["onnx", "openvino", "torch-export", "safetensors"]
FORMAT = 1  # of preprocess.json


def facts(checkpoint: Checkpoint) -> dict[str, str]:
    """What each file holds as metadata: name, hash, preprocessing, range, direction, licence, training data."""
    spec = checkpoint.score_range
    return {
        "name": checkpoint.name,
        "weights_sha256": checkpoint.id,
        "preprocess": checkpoint.preprocess,
        "range": "not stated" if spec.low is None or spec.high is None else f"{spec.low:g} to {spec.high:g}",
        "direction": "higher is better" if spec.higher_is_better else "lower is better",
        "licence": checkpoint.licence or "not stated",
        "training_data": ", ".join(checkpoint.training_data) or "not stated",
    }


def to_make_network(checkpoint: Checkpoint) -> dict[str, str]:
    """What the bare weights need besides, as JSON by name: architecture, range with factor, scale of one's own."""
    own = checkpoint.own_scale
    parts = {"model": asdict(checkpoint.model), "score": asdict(checkpoint.score)}
    parts |= {} if own is None else {"own_scale": asdict(own)}
    return {name: json.dumps(part) for name, part in parts.items()}


def preprocess_json(checkpoint: Checkpoint) -> bytes:
    """`preprocess.json`: how a photo becomes the network's inputs, and what its outputs are."""
    spec, side = checkpoint.score_range, checkpoint.patches.patch_size
    index = {"type": "int64", "shape": ["B", "L"]}
    content = {
        "format": FORMAT,
        "name": checkpoint.name,
        "weights_sha256": checkpoint.id,
        "preprocess": checkpoint.preprocess,
        "patches": asdict(checkpoint.patches),
        "pixels": {"colours": "sRGB", "order": "channel, row, column", "mean": 127.5, "divisor": 127.5},
        "inputs": {
            "pixels": {"type": "float32", "shape": ["B", "L", 3, side, side]},
            "cell": index | {"below": checkpoint.patches.grid_size**2},
            "scale": index | {"below": checkpoint.patches.scales},
            "valid": {"type": "bool", "shape": ["B", "L"]},
        },
        "outputs": {
            "logits": {"type": "float32", "shape": ["B", checkpoint.model.outputs]},
            "score": {"type": "float32", "shape": ["B"]},
        },
        "score": {
            "low": spec.low,
            "high": spec.high,
            "higher_is_better": spec.higher_is_better,
            "factor": checkpoint.score.factor,  # of logits, before a scale of one's own
        },
        "licence": checkpoint.licence,
        "training_data": list(checkpoint.training_data),
    }
    return (json.dumps(content, indent=2) + "\n").encode()


def readme(checkpoint: Checkpoint, file: str, code: str) -> bytes:
    """`README.md`: how the file is fed, `code` being the lines that do so from `inputs`, a dict of arrays."""
    patches, said = checkpoint.patches, facts(checkpoint)
    lines = [
        f"# {checkpoint.name} as {file}",
        "",
        "MUSIQ, the multi-scale image quality transformer, exported by `musiq export`.",
        "",
        *_table(said),
        "",
        "## Inputs",
        f"B photos, L tokens of the longest; shorter ones are padded at their end. P = {patches.patch_size}.",
        "",
        "| input | type and shape | holds |",
        "|---|---|---|",
        "| `pixels` | float32 (B, L, 3, P, P) | patches of each scale in raster order, small scales first; "
        "RGB, (value - 127.5) / 127.5 |",
        f"| `cell` | int64 (B, L) | row * {patches.grid_size} + column of the patch in the hash grid |",
        f"| `scale` | int64 (B, L) | 0 the smallest ... {patches.scales - 1} |",
        "| `valid` | bool (B, L) | false where padded; what stands there does not change a score |",
        "",
        "`preprocess.json` holds every number that this takes; musiq's `examples/serve_elsewhere.py` does it in NumPy.",
        "",
        "## Outputs",
        f"`logits` float32 (B, {checkpoint.model.outputs}) and `score` float32 (B,). Decoding files and the intervals "
        "of scores are left to you.",
        "",
        "```python",
        *code.strip().splitlines(),
        "```",
        "",
    ]
    return "\n".join(lines).encode()


def _table(rows: Mapping[str, Any]) -> list[str]:
    return ["| | |", "|---|---|", *(f"| {name.replace('_', ' ')} | {value} |" for name, value in rows.items())]
