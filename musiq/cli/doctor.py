"""`musiq doctor`."""

import platform
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from musiq import __version__
from musiq.memory import format_bytes, machine_bytes
from musiq.runtime.precision import INSTRUCTIONS, core_count, processor_instructions, processor_name
from musiq.sources import load_checkpoint
from musiq.tables import print_table


def doctor(
    checkpoint: Annotated[str, typer.Option(help="Checkpoint that is timed.")] = "default",
) -> None:
    """Says what this machine has, times each runtime, and which one is chosen and why."""
    from musiq.runtime.doctor import HEIGHT, WIDTH, Finding, advise, choices, examine

    print(f"musiq {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    print(f"processor: {processor_name() or 'unknown'}, {core_count()} cores, {format_bytes(machine_bytes())} memory")
    for precision, needed in INSTRUCTIONS.items():
        has = ", ".join(sorted(needed & processor_instructions()))
        print(f"instructions for {precision}: {has or 'none'}")
    print(f"HEIC photos: {'yes' if find_spec('pillow_heif') else 'no, pip install musiq[heif]'}")
    print(f"\n{checkpoint}, one image of {WIDTH}x{HEIGHT}:")
    findings = list(examine(load_checkpoint(checkpoint)))
    exact = next((f.logit for f in findings if f.precision == "fp32" and f.logit is not None), None)

    def cells(finding: Finding) -> tuple[str, ...]:
        if finding.seconds is None or finding.logit is None or exact is None:
            return finding.runtime, finding.precision, finding.version, "-", "-", finding.why_not
        difference = f"{abs(finding.logit - exact):.1e}"
        return finding.runtime, finding.precision, finding.version, f"{finding.seconds * 1000:.1f} ms", difference, ""

    columns = ("runtime", "precision", "version", "time", "difference", "")
    print_table(columns, map(cells, findings), sys.stdout, right=("time", "difference"))
    print("\nchosen by --runtime auto:")
    for precision, text in choices():
        print(f"  {precision}: {text}")
    if advice := advise(findings):
        print(advice)
