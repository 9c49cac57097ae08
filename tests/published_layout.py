"""Random weights in the layout of the published `.npz` files, at any size."""

import numpy as np


def published_arrays(
    width: int = 384, mlp: int = 1152, heads: int = 6, depth: int = 14, scales: int = 3, outputs: int = 1, seed: int = 0
) -> dict[str, np.ndarray]:
    """Arrays under `opt/target/...` names: kernels scaled by their fan-in, norm scales near 1."""
    rng = np.random.default_rng(seed)
    head = width // heads
    shapes: dict[str, tuple[int, ...]] = {
        "conv_root/kernel": (7, 7, 3, 64),
        **_norm("gn_root", (1, 1, 1, 64)),
        "block1/unit1/conv1/kernel": (1, 1, 64, 64),
        "block1/unit1/conv2/kernel": (3, 3, 64, 64),
        "block1/unit1/conv3/kernel": (1, 1, 64, 256),
        "block1/unit1/conv_proj/kernel": (1, 1, 64, 256),
        **_norm("block1/unit1/gn1", (1, 1, 1, 64)),
        **_norm("block1/unit1/gn2", (1, 1, 1, 64)),
        **_norm("block1/unit1/gn3", (1, 1, 1, 256)),
        **_norm("block1/unit1/gn_proj", (1, 1, 1, 256)),
        **_dense("embedding", (64 * 256,), (width,)),
        "Transformer/cls": (1, 1, width),
        "Transformer/posembed_input/pos_embedding": (1, 100, width),
        "Transformer/scaleembed_input/scale_embedding": (1, scales, width),
        **_norm("Transformer/encoder_norm", (width,)),
        **_dense("head", (width,), (outputs,)),
    }
    for index in range(depth):
        block = f"Transformer/encoderblock_{index}"
        attention = f"{block}/MultiHeadDotProductAttention_1"
        shapes |= _norm(f"{block}/LayerNorm_0", (width,)) | _norm(f"{block}/LayerNorm_2", (width,))
        for name in ("query", "key", "value"):
            shapes |= _dense(f"{attention}/{name}", (width,), (heads, head))
        shapes |= _dense(f"{attention}/out", (heads, head), (width,))
        shapes |= _dense(f"{block}/MlpBlock_3/Dense_0", (width,), (mlp,))
        shapes |= _dense(f"{block}/MlpBlock_3/Dense_1", (mlp,), (width,))
    return {f"opt/target/{name}": _values(name, shape, rng) for name, shape in shapes.items()}


def _norm(name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}/scale": shape, f"{name}/bias": shape}


def _dense(name: str, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}/kernel": inputs + outputs, f"{name}/bias": outputs}


def _values(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    values = rng.standard_normal(shape, np.float32)
    if name.endswith("scale"):
        return 1 + values / 10
    fan_in = np.prod(shape[:-2] if "query" in name or "key" in name or "value" in name else shape[:-1])
    return values * np.float32(max(fan_in, 1) ** -0.5) if name.endswith("kernel") else values / 10
