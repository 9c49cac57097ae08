"""Photos to time: the ones of `examples/`, resized to sizes that cameras and web sites make."""

import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

EXAMPLES = Path(__file__).parent.parent / "examples"
MIX = {(512, 384): 110, (512, 512): 30, (1024, 768): 40, (2000, 1500): 15, (4000, 3000): 5}  # 200 photos


def write_photo(path: Path, width: int, height: int, number: int = 0) -> Path:
    """A JPEG of this size, of example `number`."""
    sources = sorted(EXAMPLES.glob("*.jpg"))
    with Image.open(sources[number % len(sources)]) as image:
        image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS).save(path, quality=92)
    return path


def write_folder(folder: Path, sizes: Sequence[tuple[int, int]]) -> list[Path]:
    """Numbered photos of these (width, height)."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_photo(folder / f"{i:04}-{w}x{h}.jpg", w, h, i) for i, (w, h) in enumerate(sizes)]


def mixed(share: float = 1.0) -> list[tuple[int, int]]:
    """The sizes of `MIX`, or a share of them, well mixed."""
    sizes = [size for size, count in MIX.items() for _ in range(round(count * share))]
    return random.Random(0).sample(sizes, len(sizes))
