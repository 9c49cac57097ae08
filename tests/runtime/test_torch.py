"""Packed sequences on the torch runtime: the same logits as the padded network, whatever stands beside an image."""

import inspect

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from musiq import attention
from musiq.attention import Packing, attend_packed
from musiq.config import ModelConfig
from musiq.model import MUSIQ
from musiq.patches import collate, patch_sequence
from musiq.runtime.torch import STEM_TOKENS_ON_GPU, TorchRuntime, true_float32
from tests.conftest import MODELS

NAMES = ("rocket_tall_427x100", "synthetic_31x31", "chelsea_300x451")


@pytest.fixture
def sequences(reference_image):
    """Sequences of three sizes, cut by a checkpoint's `PatchConfig`."""
    return lambda checkpoint: [patch_sequence(reference_image(name), checkpoint.patches) for name in NAMES]


def tensors(batch):
    return tuple(torch.from_numpy(field) for field in (batch.pixels, batch.cell, batch.scale, batch.valid))


@pytest.mark.parametrize("model", MODELS)
def test_packed_equals_one_by_one_and_padded(model, tiny_checkpoints, sequences):
    runtime, images = TorchRuntime(tiny_checkpoints[model]), sequences(tiny_checkpoints[model])
    packed = runtime.logits(images)
    assert packed.shape == (3, tiny_checkpoints[model].model.outputs)
    assert packed.dtype == np.float32
    np.testing.assert_allclose(packed, np.concatenate([runtime.logits([image]) for image in images]), atol=1e-5)
    with torch.inference_mode():
        padded = runtime.network(*tensors(collate([image.batch() for image in images])))
    np.testing.assert_allclose(packed, padded, atol=1e-5)


def test_forward_packed_equals_the_runtime(tiny, sequences):
    runtime, images = TorchRuntime(tiny), sequences(tiny)
    fields = [tensors(image.batch())[:3] for image in images]
    pixels, cell, scale = (torch.cat([image[index][0] for image in fields]) for index in range(3))
    with torch.inference_mode():
        logits = runtime.network.forward_packed(pixels, cell, scale, [len(image) for image in images], chunk=100)
    np.testing.assert_allclose(logits, runtime.logits(images), atol=1e-5)


@pytest.mark.parametrize("stem_tokens", [128, 200, STEM_TOKENS_ON_GPU])
def test_runs_hold_every_patch_in_order(stem_tokens, tiny, sequences):
    runtime, images = TorchRuntime(tiny), sequences(tiny)
    expected = runtime.logits(images)
    runtime.stem_tokens = stem_tokens
    runs = list(runtime._runs(images))
    assert max(map(len, runs)) <= stem_tokens
    torch.testing.assert_close(torch.cat(runs), torch.cat([tensors(image.batch())[0][0] for image in images]))
    np.testing.assert_allclose(runtime.logits(images), expected, atol=1e-5)


@pytest.mark.parametrize("outputs", [1, 10])
def test_only_class_tokens_in_the_last_block_change_nothing(outputs):
    torch.manual_seed(0)
    network = MUSIQ(ModelConfig(width=24, depth=3, mlp=48, outputs=outputs)).double().eval()
    tokens = torch.randn(60, 24, dtype=torch.float64)
    with torch.inference_mode():
        shortcut = _encode_in_double(network, tokens, [13, 47])
        whole = torch.cat([_encode_everything(network, image) for image in tokens.split([13, 47])])
    torch.testing.assert_close(shortcut, whole, rtol=0, atol=1e-6)


def _encode_in_double(network, tokens, lengths):
    network.norm.float(), network.head.float()  # the head of packed sequences is float32 always
    logits = network.encode_packed(tokens, lengths)
    network.double()
    return logits.double()


def _encode_everything(network, image):
    x = torch.cat([network.class_token[None], image])[None]
    for block in network.blocks:
        x = block(x, lambda q, k, v: attention.attend_padded(q, k, v, None))
    return network.head(network.norm(x)[:, 0])


def packed_case(query_lengths, dtype=torch.float64):
    """Queries, keys, values of sequences of 5, 1 and 9 tokens, 2 heads of 4, and where they stand."""
    torch.manual_seed(0)
    q = torch.randn(sum(query_lengths), 2, 4, dtype=dtype)
    k, v = torch.randn(2, 15, 2, 4, dtype=dtype)
    return q, k, v, Packing.of(query_lengths, q.device), Packing.of([5, 1, 9], q.device)


def with_block_mask(q, k, v, queries, keys):
    rows = torch.repeat_interleave(torch.arange(3), torch.tensor(queries.lengths))
    columns = torch.repeat_interleave(torch.arange(3), torch.tensor(keys.lengths))
    q, k, v = (x.transpose(0, 1) for x in (q, k, v))  # (H, N, E)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=rows[:, None] == columns).transpose(0, 1)


@pytest.mark.parametrize("query_lengths", [(5, 1, 9), (1, 1, 1)])
def test_packed_attention_is_a_block_diagonal_mask(query_lengths):
    case = packed_case(query_lengths)
    torch.testing.assert_close(attend_packed(*case), with_block_mask(*case))


def test_flash_attention_is_called_as_this_torch_declares_it(monkeypatch):
    """No kernel runs here: only what would be handed to it is seen."""
    varlen = pytest.importorskip("torch.nn.attention.varlen")
    handed = {}

    def fake(*args):
        handed.update(inspect.signature(varlen.varlen_attn).bind(*args).arguments)
        return handed["query"]

    monkeypatch.setattr(attention, "varlen_attn", fake)
    monkeypatch.setattr(attention, "_flash_takes", lambda q: True)
    attend_packed(*packed_case((1, 1, 1)))
    assert (handed["max_q"], handed["max_k"]) == (1, 9)
    assert handed["cu_seq_q"].tolist() == [0, 1, 2, 3]
    assert handed["cu_seq_k"].tolist() == [0, 5, 6, 15]
    assert handed["cu_seq_q"].dtype == handed["cu_seq_k"].dtype == torch.int32


def test_bfloat16_is_near_float32_and_ends_in_float32(tiny, sequences):
    images = sequences(tiny)
    exact = TorchRuntime(tiny).logits(images)
    rounded = TorchRuntime(tiny, precision="bf16").logits(images)
    assert rounded.dtype == np.float32
    error = np.abs(rounded - exact).max()
    assert 0 < error < 0.02 * np.abs(exact).max()


def test_a_batch_that_does_not_fit_is_split(tiny, sequences, monkeypatch):
    runtime, images = TorchRuntime(tiny), sequences(tiny)
    expected, encode, calls = runtime.logits(images), runtime.network.encode_packed, []

    def fits_one(tokens, lengths):
        calls.append(len(lengths))
        if len(lengths) > 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return encode(tokens, lengths)

    monkeypatch.setattr(runtime.network, "encode_packed", fits_one)
    np.testing.assert_allclose(runtime.logits(images), expected, atol=1e-5)
    assert calls == [3, 1, 2, 1, 1]


def test_one_image_that_does_not_fit_is_a_memory_error(tiny, sequences, monkeypatch):
    def fits_none(tokens, lengths):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    runtime, image = TorchRuntime(tiny), sequences(tiny)[2]
    monkeypatch.setattr(runtime.network, "encode_packed", fits_none)
    with pytest.raises(MemoryError, match=f"cpu has too little memory for an image of {len(image)} patches"):
        runtime.logits([image])


def test_a_processor_takes_one_image_a_call(tiny):
    assert TorchRuntime(tiny).tokens_per_batch == 0


def test_unknown_precision_and_absent_device_are_refused(tiny):
    with pytest.raises(ValueError, match="no precision int8; it has fp32, bf16"):
        TorchRuntime(tiny, precision="int8")
    with pytest.raises(ValueError, match="device 'tpu' is not available here"):
        TorchRuntime(tiny, "tpu")


def test_packed_sequences_are_refused_in_training():
    with pytest.raises(RuntimeError, match="for evaluation"):
        MUSIQ(ModelConfig(width=24, depth=1, mlp=48)).encode_packed(torch.zeros(3, 24), [3])


@pytest.fixture
def precisions():
    """Torch's settings of the whole process, put back after the test."""
    yield lambda: (torch.backends.cuda.matmul.fp32_precision, torch.backends.cudnn.allow_tf32)
    torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("allow", ["legacy", "newer"])
def test_float32_is_never_tf32_and_the_process_keeps_its_settings(allow, precisions):
    if allow == "legacy":
        torch.set_float32_matmul_precision("high")
    else:
        torch.backends.cuda.matmul.fp32_precision = "tf32"
    assert precisions() == ("tf32", True)
    with true_float32():
        assert precisions() == ("ieee", False)
        assert torch.get_float32_matmul_precision() == "highest"
    assert precisions() == ("tf32", True)
    if allow == "legacy":
        assert torch.get_float32_matmul_precision() == "high"
