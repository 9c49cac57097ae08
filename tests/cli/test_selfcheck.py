import csv

import pytest

from musiq.distortions import LEVELS


def test_a_folder(run, tiny_folder, mixed_folder, tmp_path):
    for name in ("bomb.png", "strip.png", "alpha.png", "cmyk.jpg", "turned.jpg", "deep.png"):
        (mixed_folder / name).unlink()
    out = tmp_path / "scores.csv"
    result = run(
        "selfcheck",
        mixed_folder,
        "--checkpoint",
        tiny_folder,
        "--distortion",
        "gaussian_blur",
        "--distortion",
        "jpeg",
        "--output",
        out,
    )
    assert result.exit_code == 1
    assert "3 of 5 files failed" in result.stderr
    assert "empty.jpg: empty file" in result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("2 photos, checkpoint tiny-multiscale")
    assert [line.split()[0] for line in lines[2:]] == ["gaussian_blur", "jpeg", "blur", "compression", "all"]
    assert lines[-1].split()[-1] == str(2 * 2 * LEVELS)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["distortion"] for row in rows] == ["gaussian_blur", "jpeg"] * 2
    share = sum(
        float(row[after]) < float(row[before])
        for row in rows
        for before, after in zip(["clean", *LEVEL_NAMES], LEVEL_NAMES, strict=False)
    ) / (2 * 2 * LEVELS)
    assert float(lines[-1].split()[-2].rstrip("%")) == pytest.approx(100 * share, abs=0.06)


LEVEL_NAMES = [f"level{level}" for level in range(1, LEVELS + 1)]


@pytest.mark.parametrize("arguments", [["--distortion", "rust"], ["--output", "/nowhere/x.csv"]])
def test_wrong_usage(run, tiny_folder, mixed_folder, arguments):
    kinds = [] if "--distortion" in arguments else ["--distortion", "jpeg"]
    result = run("selfcheck", mixed_folder / "good.png", "--checkpoint", tiny_folder, *arguments, *kinds)
    assert result.exit_code == 2
