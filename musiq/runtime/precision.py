"""The processor: its cores, and the precisions that it has instructions for."""

import os
from functools import cache
from pathlib import Path
from typing import Literal

Precision = Literal["fp32", "bf16", "int8"]
INSTRUCTIONS: dict[Precision, frozenset[str]] = {  # any of them, as /proc/cpuinfo names them
    "bf16": frozenset({"avx512_bf16", "amx_bf16", "bf16"}),
    "int8": frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"}),
}


@cache
def processor_instructions() -> frozenset[str]:
    """The processor's instruction sets as Linux names them; empty where it does not tell."""
    return frozenset(_cpuinfo("flags", "Features").split())


def processor_name() -> str:
    """What the processor calls itself, empty where Linux does not tell."""
    return _cpuinfo("model name")


def _cpuinfo(*keys: str) -> str:
    """What the first line of `/proc/cpuinfo` under any of `keys` says; empty where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(keys)), "")


def multiplies(precision: Precision) -> bool:
    """Whether the processor has instructions that make `precision` faster than fp32."""
    return precision == "fp32" or bool(INSTRUCTIONS[precision] & processor_instructions())


def core_count() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
