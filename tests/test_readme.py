"""What the README shows makes sense; its blocks run in tests/docs."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def table_rows(text: str) -> dict[str, float]:
    """Score by image path."""
    return {match[2]: float(match[1]) for match in re.finditer(r"(\d+\.\d\d) .*?\d+x\d+ +(examples/\S+)", text)}


def test_each_original_stands_above_its_copies():
    shown = table_rows(README)
    for name in ("china", "coffee", "flower"):
        copies = [shown[f"examples/{name}-{how}.jpg"] for how in ("blurred", "noisy", "compressed")]
        assert max(copies) < shown[f"examples/{name}.jpg"]


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
