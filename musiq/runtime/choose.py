"""Which runtime executes the network here, and why."""

from importlib.util import find_spec
from typing import Literal, NamedTuple, get_args

from musiq.runtime.precision import INSTRUCTIONS, Precision, multiplies

Installed = Literal["onnx", "openvino", "torch"]
RuntimeName = Literal["auto", "onnx", "openvino", "torch"]
Device = Literal["cpu", "cuda", "mps"]
PRECISIONS: dict[Installed, tuple[Precision, ...]] = {  # on a CPU
    "onnx": ("fp32", "int8"),
    "openvino": ("fp32", "bf16"),
    "torch": ("fp32", "bf16"),
}


class Choice(NamedTuple):
    """A runtime and one sentence why."""

    name: Installed
    why: str


def choose_runtime(name: RuntimeName = "auto", device: Device = "cpu", precision: Precision = "fp32") -> Choice:
    """The runtime that `name` stands for on this machine.

    Raises:
        ValueError: there is none of that name, or it or the processor lacks the device or the precision.
    """
    if name not in get_args(RuntimeName):
        raise ValueError(f"unknown runtime {name!r}; there are {', '.join(get_args(RuntimeName))}")
    if precision not in get_args(Precision):
        raise ValueError(f"unknown precision {precision!r}; there are {', '.join(get_args(Precision))}")
    if device != "cpu":
        return _on_accelerator(name, device, precision)
    if not multiplies(precision):
        needed = ", ".join(sorted(INSTRUCTIONS[precision]))
        raise ValueError(f"this processor has no instructions for {precision} (any of {needed}); use fp32")
    if name != "auto":
        return _asked_for(name, precision)
    if precision == "bf16":
        return Choice("openvino", "multiplies bfloat16 on this processor")
    if precision == "int8":
        return Choice("onnx", "multiplies 8-bit integers on this processor")
    return Choice("onnx", "the fastest in float32 where we measured, and needs nothing else installed")


def _asked_for(name: Installed, precision: Precision) -> Choice:
    if precision not in PRECISIONS[name]:
        able = ", ".join(other for other, precisions in PRECISIONS.items() if precision in precisions)
        raise ValueError(f"runtime {name} has no precision {precision}; {able} has it")
    return Choice(name, "asked for")


def _on_accelerator(name: RuntimeName, device: Device, precision: Precision) -> Choice:
    if name not in ("auto", "torch"):
        raise ValueError(f"runtime {name} runs on the cpu; for {device} use runtime torch")
    if precision == "int8":
        raise ValueError(f"int8 is for the cpu; on {device} there are fp32 and bf16")
    return Choice("torch", f"runs on {device}")


def is_installed(name: Installed) -> bool:
    """Whether the runtime's packages are there; they are not imported."""
    packages = {"onnx": ("onnxruntime",), "openvino": ("openvino", "onnx"), "torch": ("torch",)}[name]
    return all(find_spec(package) is not None for package in packages)
