"""`model.py` -> ONNX graphs without weights: stem and encoder. Needs torch and onnxscript (`musiq[train]`).

What is exported computes what `model.py` does, in the operators that CPUs run fastest: a group normalisation as a layer
normalisation over each group, padding inside the convolution, attention as one operator that never holds L x L numbers,
and of the last block only what the class token needs.
"""

import logging
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from musiq.checkpoint import Graphs
from musiq.config import ModelConfig
from musiq.errors import MissingExtraError
from musiq.runtime.int8 import INTEGERS, OFFSET, SCALE

try:
    import onnx_ir
    import onnxscript  # noqa: F401  torch's exporter needs it
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
    from torch.export import Dim
except ImportError:
    raise MissingExtraError("exporting an ONNX graph", "train") from None

from musiq.model import MUSIQ, Block
from musiq.stem import InvertedResidual, InvertedStem, LinearStem, ResidualStem, SameConv, standardise

OPSET = 23


class _Stem(nn.Module):
    """Patches to tokens: stem and embeddings, the embedding tables as inputs."""

    def __init__(self, stem: ResidualStem | InvertedStem | LinearStem) -> None:
        super().__init__()
        self.stem = stem

    def forward(self, pixels: Tensor, cell: Tensor, scale: Tensor, cells: Tensor, scales: Tensor) -> Tensor:
        return self._embed(pixels) + cells[cell] + scales[scale]

    def _embed(self, pixels: Tensor) -> Tensor:
        if isinstance(self.stem, ResidualStem):
            return _embed_residual(self.stem, pixels)
        return self.stem(pixels) if isinstance(self.stem, LinearStem) else _embed_inverted(self.stem, pixels)


def _embed_residual(stem: ResidualStem, pixels: Tensor) -> Tensor:
    block = stem.block
    x = _convolve(pixels, standardise(stem.conv.weight), pads=[2, 2, 3, 3], stride=2)
    x = F.relu(_group_norm(x, stem.norm))
    x = _operator("MaxPool", (x,), x[:, :, ::2, ::2], kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
    residual = _group_norm(_mix_channels(x, block.shortcut.weight), block.shortcut_norm)
    x = F.relu(_group_norm(_mix_channels(x, block.conv1.weight), block.norm1))
    x = F.relu(_group_norm(_convolve(x, standardise(block.conv2.weight), pads=[1, 1, 1, 1]), block.norm2))
    x = F.relu(_group_norm(_mix_channels(x, block.conv3.weight), block.norm3) + residual)
    return stem.project(x.permute(0, 2, 3, 1).reshape(-1, stem.project.in_features))


def _embed_inverted(stem: InvertedStem, pixels: Tensor) -> Tensor:
    x = F.relu6(_convolve_same(pixels, stem.conv))
    for unit in cast(list[InvertedResidual], list(stem.units)):
        wide = F.relu6(_convolve_same(x, unit.expand)) if isinstance(unit.expand, SameConv) else x
        out = _convolve_same(F.relu6(_convolve_same(wide, unit.depthwise)), unit.contract)
        x = x + out if unit.residual else out
    return stem.norm(stem.project(x.permute(0, 2, 3, 1).reshape(-1, stem.project.in_features)))


class _Encoder(nn.Module):
    """Tokens to logits, the head as an input."""

    def __init__(self, network: MUSIQ) -> None:
        super().__init__()
        self.class_token, self.blocks, self.norm = network.class_token, network.blocks, network.norm

    def forward(self, tokens: Tensor, head_weight: Tensor, head_bias: Tensor) -> Tensor:
        x = torch.cat([self.class_token.expand(1, 1, -1), tokens], dim=1)  # (1, 1 + L, D)
        *blocks, last = cast(list[Block], list(self.blocks))
        for block in blocks:
            x = _encode(block, x, x)
        x = _encode(last, x[:, :1], x)  # nothing else of the last block reaches the head
        return F.linear(self.norm(x)[:, 0], head_weight, head_bias)


def _encode(block: Block, x: Tensor, context: Tensor) -> Tensor:
    """The block's output at `x` `(1, M, D)`, which attends to `context` `(1, N, D)`."""
    attention, seen = block.attention, block.attention_norm(context)
    query = attention.query(seen[:, : x.shape[1]])
    inputs = (query, attention.key(seen), attention.value(seen))
    x = x + attention.out(_operator("com.microsoft::MultiHeadAttention", inputs, query, num_heads=attention.heads))
    return x + block.mlp(block.mlp_norm(x))


class _Int8Linear(nn.Module):
    """A linear layer whose matrix is 8-bit integers (`int8.py`) and whose input is rounded to them on the way."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.integers: Tensor
        self.scale: Tensor
        self.offset: Tensor
        self.register_buffer(INTEGERS, torch.zeros(layer.in_features, layer.out_features, dtype=torch.uint8))
        self.register_buffer(SCALE, torch.zeros(layer.out_features))
        self.register_buffer(OFFSET, torch.zeros(layer.out_features, dtype=torch.uint8))
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        inputs = (x, self.integers, self.scale, self.offset, self.bias)
        like = x[..., :1].expand(*x.shape[:-1], len(self.bias))
        return _operator("com.microsoft::DynamicQuantizeMatMul", inputs, like)


def _quantized(network: MUSIQ) -> MUSIQ:
    for block in network.blocks:
        for module in (block.get_submodule("attention"), block.get_submodule("mlp")):
            for name, layer in list(module.named_children()):
                if isinstance(layer, nn.Linear):
                    setattr(module, name, _Int8Linear(layer))
    return network


def _convolve(
    x: Tensor, kernel: Tensor, *bias: Tensor, pads: Sequence[int] = (0, 0, 0, 0), stride: int = 1, groups: int = 1
) -> Tensor:
    padded = F.pad(x, (pads[1], pads[3], pads[0], pads[2]))
    like = F.conv2d(padded, kernel, stride=stride, groups=groups)
    shape = {"kernel_shape": list(kernel.shape[2:]), "pads": list(pads), "strides": [stride] * 2, "group": groups}
    return _operator("Conv", (x, kernel, *bias), like, **shape)


def _convolve_same(x: Tensor, conv: SameConv) -> Tensor:
    assert conv.bias is not None
    pads = [conv.pads[0]] * 2 + [conv.pads[1]] * 2
    return _convolve(x, conv.weight, conv.bias, pads=pads, stride=conv.stride[0], groups=conv.groups)


def _mix_channels(x: Tensor, kernel: Tensor) -> Tensor:
    """A 1x1 convolution as a matrix product, which needs no other layout."""
    mixed = torch.matmul(standardise(kernel).flatten(1), x.flatten(2))
    return mixed.reshape(-1, kernel.shape[0], *x.shape[2:])


def _group_norm(x: Tensor, norm: nn.GroupNorm) -> Tensor:
    channels, height, width = x.shape[1:]
    size = channels // norm.num_groups * height * width
    groups = F.layer_norm(x.reshape(-1, norm.num_groups, size), (size,), eps=norm.eps)
    x = groups.reshape(-1, channels, height, width)
    inputs = (x, norm.weight, norm.bias, torch.zeros(channels), torch.ones(channels))
    return _operator("BatchNormalization", inputs, x, epsilon=0.0)  # of mean 0 and variance 1: scale and shift at once


def _operator(name: str, inputs: Sequence[Tensor], like: Tensor, **attributes: Any) -> Tensor:
    """One ONNX operator whose output has the shape of `like`."""
    version = 1 if "::" in name else OPSET
    return torch.onnx.ops.symbolic(name, inputs, attributes, dtype=like.dtype, shape=like.shape, version=version)


def export_graphs(config: ModelConfig) -> Graphs:
    """The evaluation graphs of an architecture.

    stem: pixels float32 `(n, 3, P, P)`, cell and scale int64 `(n,)`, spatial_table `(G*G, D)`, scale_table `(S, D)`
    -> tokens float32 `(n, D)`. encoder: tokens `(1, L, D)`, head_weight `(K, D)`, head_bias `(K,)` -> logits `(1, K)`.
    encoder_int8: the same with the matrices of `int8.py`. n, L, G, S and K are free. The other weights are external
    initializers under their names in `model.py`.
    """
    usual = ModelConfig()  # for all that the graphs leave free
    free = replace(config, outputs=usual.outputs, scales=usual.scales, grid_size=usual.grid_size)
    free = replace(free, spatial="hash", scale_embedding=True, dropout=0.0, stochastic_depth=0.0)
    stem = replace(free, depth=1, heads=1, mlp=1)
    encoder = replace(free, patch_size=usual.patch_size, stem=usual.stem, stem_groups=usual.stem_groups, stem_units=0)
    return Graphs(export_stem(stem), export_encoder(encoder), export_encoder(encoder, "int8"))


@cache
def export_stem(config: ModelConfig) -> bytes:
    """The stem's graph, made once; what the encoder is like does not matter to it."""
    network, width, index = _network(config), config.width, torch.zeros(7, dtype=torch.long)
    n, cells, scales = map(Dim, ("n", "cells", "scales"))
    patches = torch.zeros(7, 3, config.patch_size, config.patch_size)
    inputs = {
        "pixels": (patches, {0: n}),
        "cell": (index, {0: n}),
        "scale": (index.clone(), {0: n}),
        "spatial_table": (torch.zeros(9, width), {0: cells}),
        "scale_table": (torch.zeros(3, width), {0: scales}),
    }
    return _to_onnx(_Stem(network.stem), inputs, "tokens")


@cache
def export_encoder(config: ModelConfig, precision: Literal["fp32", "int8"] = "fp32") -> bytes:
    """The encoder's graph, made once; what the stem is like does not matter to it."""
    network, width = _network(config), config.width
    tokens, outputs = map(Dim, ("tokens", "outputs"))
    inputs = {
        "tokens": (torch.zeros(1, 7, width), {1: tokens}),
        "head_weight": (torch.zeros(2, width), {0: outputs}),
        "head_bias": (torch.zeros(2), {0: outputs}),
    }
    return _to_onnx(_Encoder(_quantized(network) if precision == "int8" else network), inputs, "logits")


def _network(config: ModelConfig) -> MUSIQ:
    return MUSIQ(config).eval().requires_grad_(False)


def _to_onnx(module: nn.Module, inputs: dict[str, tuple[Tensor, dict[int, Any]]], output: str) -> bytes:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            module.eval(),
            tuple(example for example, _ in inputs.values()),
            dynamo=True,
            optimize=False,  # keeps each weight an initializer under its own name; ONNX Runtime optimises at load
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=[output],
            dynamic_shapes=tuple(free for _, free in inputs.values()),
            verbose=False,
        )
    assert program is not None
    return _without_weights(program.model)


def _without_weights(model: "onnx_ir.Model") -> bytes:
    for node in model.graph.all_nodes():  # stack traces and the like, with this machine's paths
        node.metadata_props.clear()
        node.doc_string = None
    for value in model.graph.initializers.values():
        value.metadata_props.clear()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        onnx_ir.save(model, path, external_data="weights", size_threshold_bytes=0)
        return path.read_bytes()
