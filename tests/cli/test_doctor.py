import pytest

from musiq.cli import doctor as command
from musiq.runtime import choose, precision


@pytest.fixture
def plain_processor(monkeypatch):
    """A processor without instructions for anything but float32."""
    for module in (precision, command):
        monkeypatch.setattr(module, "processor_instructions", frozenset)


def rows(output):
    """Lines of the table by runtime and precision."""
    return {
        tuple(line.split()[:2]): line for line in output.splitlines() if line.startswith(("onnx", "openv", "torch"))
    }


def test_every_runtime_is_named_timed_and_one_is_chosen(run, tiny_folder, plain_processor):
    result = run("doctor", "--checkpoint", tiny_folder)
    assert result.exit_code == 0
    table = rows(result.stdout)
    for runtime in ("onnx", "openvino", "torch"):
        assert " ms" in table[runtime, "fp32"]
        difference = float(table[runtime, "fp32"].split()[-1])
        assert difference < 1e-4 * 10  # of a logit of about 5
    for name in (("onnx", "int8"), ("openvino", "bf16"), ("torch", "bf16")):
        assert f"the processor has no instructions for {name[1]}" in table[name]
    assert "instructions for bf16: none\n" in result.stdout
    assert "  fp32: onnx: " in result.stdout
    assert "  bf16: this processor has no instructions for bf16" in result.stdout


@pytest.mark.parametrize(
    ("package", "runtime", "command"),
    [
        ("onnxruntime", "onnx", "pip install onnxruntime"),
        ("onnx", "openvino", "pip install 'musiq[openvino]'"),
        ("torch", "torch", "pip install 'musiq[train]'"),
    ],
)
def test_a_missing_package_shows_how_to_get_it(
    package, runtime, command, run, tiny_folder, plain_processor, monkeypatch
):
    there = choose.find_spec
    monkeypatch.setattr(choose, "find_spec", lambda name: None if name == package else there(name))
    result = run("doctor", "--checkpoint", tiny_folder)
    assert result.exit_code == 0
    assert rows(result.stdout)[runtime, "fp32"].endswith(f"not installed: {command}")


def test_a_missing_checkpoint_is_wrong_usage(run):
    assert run("doctor", "--checkpoint", "nowhere").exit_code == 2
