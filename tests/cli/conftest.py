from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from musiq.checkpoint import Checkpoint, save_checkpoint


@pytest.fixture
def run():
    """Runs the command line; usage errors of ours become exit code 2 as in `musiq.cli.main`."""
    from musiq.cli import app
    from musiq.errors import MusiqError

    def call(*arguments: object):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if isinstance(result.exception, MusiqError | ValueError):
            result.exit_code = 2
        return result

    return call


@pytest.fixture
def call(run):
    """Runs a command, which must exit with `code`."""

    def call(*arguments, code=0):
        result = run(*arguments)
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def tiny_folder(tmp_path: Path, tiny: Checkpoint) -> Path:
    save_checkpoint(tiny, tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture
def mixed_folder(tmp_path: Path, photo: np.ndarray) -> Path:
    """Good and bad files, as real folders hold them."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    image = Image.fromarray(photo)
    image.save(folder / "good.png")
    image.save(folder / "truncated.jpg")
    (folder / "truncated.jpg").write_bytes((folder / "truncated.jpg").read_bytes()[:3000])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("not a picture")
    (folder / "note.txt").write_text("not listed")
    Image.fromarray(photo[:, :, 0].astype(np.uint16) * 257).save(folder / "deep.png")
    Image.fromarray(np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])).save(folder / "alpha.png")
    image.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "turned.jpg", exif=exif, quality=95)
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.new("RGB", (12_000, 9), (90, 120, 60)).save(folder / "strip.png")
    Image.new("1", (20_000, 11_000)).save(folder / "bomb.png")
    return folder
