"""Real photos in small, and what people do to them."""

import io
from pathlib import Path

import skimage
from PIL import Image, ImageFilter

NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg", "camera.png")


def scene(name: str) -> Image.Image:
    """320 px wide."""
    with Image.open(Path(skimage.__file__).parent / "data" / name) as image:
        return image.convert("RGB").resize((320, 320 * image.height // image.width))


def recompressed(image: Image.Image, quality: int = 30) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def cropped(image: Image.Image) -> Image.Image:
    """Without a border of 2 %."""
    width, height = image.size
    return image.crop((width // 50, height // 50, width - width // 50, height - height // 50))


COPIES = {
    "half": lambda image: image.reduce(2),
    "recompressed": recompressed,
    "cropped": cropped,
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(3)),
}
