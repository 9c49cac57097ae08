"""Which runtime is chosen, on processors that this machine need not be."""

import pytest

from musiq.runtime import choose, precision
from musiq.runtime.choose import choose_runtime, is_installed

X86 = """processor\t: 0
model name\t: Example CPU @ 2.00GHz
flags\t\t: fpu avx2 avx512_bf16 avx512_vnni
vmx flags\t: vnmi amx_int8

processor\t: 1
flags\t\t: fpu amx_bf16
"""
ARM = """processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd asimddp bf16
CPU implementer\t: 0x41
"""


@pytest.fixture
def processor(monkeypatch):
    """Makes this machine's processor one that has just these instructions."""
    return lambda *names: monkeypatch.setattr(precision, "processor_instructions", lambda: frozenset(names))


@pytest.mark.parametrize("instructions", [(), ("avx512_bf16", "avx_vnni")])
def test_float32_is_onnx_on_any_processor(instructions, processor):
    processor(*instructions)
    assert choose_runtime().name == "onnx"


@pytest.mark.parametrize("instruction", ["avx512_bf16", "amx_bf16", "bf16"])
def test_bfloat16_is_openvino(instruction, processor):
    processor("avx2", instruction)
    assert choose_runtime(precision="bf16").name == "openvino"
    assert choose_runtime("torch", precision="bf16").name == "torch"


@pytest.mark.parametrize("instruction", ["avx_vnni", "avx512_vnni", "amx_int8", "asimddp"])
def test_integers_are_onnx(instruction, processor):
    processor("avx2", instruction)
    assert choose_runtime(precision="int8").name == "onnx"


@pytest.mark.parametrize("name", ["auto", "onnx", "openvino", "torch"])
@pytest.mark.parametrize(
    ("asked", "others", "named"),
    [("bf16", "avx_vnni", "amx_bf16, avx512_bf16, bf16"), ("int8", "avx512_bf16", "avx512_vnni, avx_vnni")],
)
def test_a_precision_without_instructions_is_refused_and_they_are_named(asked, others, named, name, processor):
    processor("avx2", others)
    with pytest.raises(ValueError, match=f"no instructions for {asked} .*{named}.*use fp32"):
        choose_runtime(name, precision=asked)


@pytest.mark.parametrize(
    ("name", "asked", "able"),
    [("onnx", "bf16", "openvino, torch"), ("openvino", "int8", "onnx"), ("torch", "int8", "onnx")],
)
def test_a_precision_that_a_runtime_lacks_names_the_ones_that_have_it(name, asked, able, processor):
    processor("avx512_bf16", "avx512_vnni")
    with pytest.raises(ValueError, match=f"runtime {name} has no precision {asked}; {able} has it"):
        choose_runtime(name, precision=asked)


@pytest.mark.parametrize("name", ["onnx", "openvino", "torch"])
def test_what_is_asked_for_is_chosen(name):
    assert choose_runtime(name) == (name, "asked for")


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_accelerators_are_torchs(device, processor):
    processor()  # bfloat16 there does not ask this processor
    assert choose_runtime("auto", device).name == "torch"
    assert choose_runtime("torch", device, "bf16").name == "torch"
    for name in ("onnx", "openvino"):
        with pytest.raises(ValueError, match=f"runtime {name} runs on the cpu; for {device} use runtime torch"):
            choose_runtime(name, device)
    with pytest.raises(ValueError, match=f"int8 is for the cpu; on {device}"):
        choose_runtime("auto", device, "int8")


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="unknown runtime 'jax'; there are auto, onnx, openvino, torch"):
        choose_runtime("jax")
    with pytest.raises(ValueError, match="unknown precision 'fp64'; there are fp32, bf16, int8"):
        choose_runtime("auto", "cpu", "fp64")


def test_a_runtime_is_installed_when_all_its_packages_are(monkeypatch):
    monkeypatch.setattr(choose, "find_spec", lambda package: None if package == "onnx" else object())
    assert [is_installed(name) for name in ("onnx", "openvino", "torch")] == [True, False, True]


@pytest.mark.parametrize(
    ("text", "instructions", "name"),
    [
        (X86, {"fpu", "avx2", "avx512_bf16", "avx512_vnni"}, "Example CPU @ 2.00GHz"),
        (ARM, {"fp", "asimd", "asimddp", "bf16"}, ""),
        ("", set(), ""),
    ],
)
def test_linux_tells_what_the_processor_has(text, instructions, name, tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(precision, "Path", lambda path: tmp_path / path.removeprefix("/proc/"))
    assert precision.processor_instructions.__wrapped__() == instructions
    assert precision.processor_name() == name


def test_another_system_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "Path", lambda path: tmp_path / "absent")
    assert precision.processor_instructions.__wrapped__() == frozenset()
    assert precision.processor_name() == ""
