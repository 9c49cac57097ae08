"""What the README shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def table_rows(text: str) -> dict[str, float]:
    """Score by image path."""
    return {match[2]: float(match[1]) for match in re.finditer(r"(\d+\.\d\d) .*?\d+x\d+ +(examples/\S+)", text)}


def test_the_shown_scores_are_the_scores():
    command = [sys.executable, "-m", "musiq", "score", "examples"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    shown, scored = table_rows(README), table_rows(done.stdout)
    assert len(shown) == 12
    assert scored == pytest.approx(shown, abs=0.02)


def test_each_original_stands_above_its_copies():
    shown = table_rows(README)
    for name in ("china", "coffee", "flower"):
        copies = [shown[f"examples/{name}-{how}.jpg"] for how in ("blurred", "noisy", "compressed")]
        assert max(copies) < shown[f"examples/{name}.jpg"]


def test_the_python_lines_run():
    (code,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
