"""Floating-point operations of one image, counted from the architecture: products and sums of matrix products alone."""

from musiq.config import ModelConfig


def network_flops(model: ModelConfig, tokens: int) -> int:
    """Operations of the whole network on `tokens` patches, as `model.py` writes it; what a runtime skips counts too."""
    return tokens * _stem_flops(model) + model.depth * _block_flops(model, tokens + 1)


def _stem_flops(model: ModelConfig) -> int:
    half, quarter, stem = (model.patch_size // 2) ** 2, (model.patch_size // 4) ** 2, model.stem
    convolution = half * stem * 3 * 7 * 7
    unit = quarter * stem * (stem + 9 * stem + 4 * stem + 4 * stem)
    return 2 * (convolution + unit + quarter * 4 * stem * model.width)


def _block_flops(model: ModelConfig, length: int) -> int:
    width = model.width
    linear = length * (4 * width * width + 2 * width * model.mlp)
    return 2 * (linear + 2 * width * length * length)
