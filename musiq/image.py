"""Anything a user holds -> uint8 `(H, W, 3)` sRGB, and a record of what was done to it.

Policy, in this order: pixel limit checked before decoding; first of several frames; EXIF orientation applied;
embedded ICC profile converted to sRGB; 16 bits scaled (not clipped) to 8; grey, CMYK and palettes converted to RGB;
alpha composited over a background.
"""

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from musiq.errors import ImageError, Kind

MAX_PIXELS = 200_000_000
WHITE = (255, 255, 255)
PLUGIN_SUFFIXES = {".heic", ".heif", ".avif"}
Admit = Callable[[int, int], object]
_pillow_limit = threading.Lock()


@dataclass(frozen=True)
class DecodedImage:
    """Pixels that every later step reads.

    Attributes:
        pixels: uint8 `(H, W, 3)` sRGB.
        name: file name, or what kind of object it came from.
        notes: what the decoder did beyond reading, in order.
    """

    pixels: NDArray[np.uint8]
    name: str
    notes: tuple[str, ...] = ()


def load_image(
    source: Any,
    *,
    background: tuple[int, int, int] = WHITE,
    max_pixels: int | None = MAX_PIXELS,
    admit: Admit | None = None,
    least_px: int | None = None,
) -> DecodedImage:
    """`source` decoded by the policy of this module.

    Args:
        source: path (`str`, `Path`), encoded bytes, binary file object, PIL image, NumPy array (`(H, W)` or
            `(H, W, C)` with C in 1, 3, 4; uint8, uint16 or float in [0, 1]) or torch tensor (`(H, W)` or
            `(C, H, W)`, the same types and ranges).
        background: RGB that transparent pixels are laid over.
        max_pixels: largest H * W accepted, None for no limit.
        admit: called with height and width before the pixels are decoded; what it raises ends the call.
        least_px: for previews: a JPEG file may come out smaller, in an eighth of the time, with sides of at least this
            where it has them.

    Raises:
        ImageError: it cannot be read, or is larger than the limit; names the file and the reason.
    """
    name = image_name(source)
    check = partial(_check_size, max_pixels=max_pixels, admit=admit)
    try:
        if isinstance(source, DecodedImage):
            check(source.pixels.shape[0], source.pixels.shape[1])
            return source
        if isinstance(source, np.ndarray):
            return _from_array(source, name, background, check)
        if _is_tensor(source):
            return _from_array(_tensor_to_array(source), name, background, check)
        if isinstance(source, Image.Image):
            return _from_pillow(source, name, background, check)
        with open_image(source) as image:
            if least_px is not None:
                check(image.height, image.width)
                image.draft(None, (least_px, least_px))
            return _from_pillow(image, name, background, check)
    except ImageError as error:
        raise ImageError(f"{name}: {error}", error.kind) from error
    except UnidentifiedImageError as error:
        raise _unidentified(source, name) from error
    except MemoryError as error:
        raise ImageError(f"{name}: not enough memory to decode it", "memory") from error
    except Exception as error:  # decoders of hostile files raise nearly anything; each is a reason, none may escape
        kind: Kind = "permission" if isinstance(error, PermissionError) else "damaged"
        raise ImageError(f"{name}: {_why_unread(error)}", kind) from error


@cache
def image_suffixes() -> frozenset[str]:
    """Lower-case suffixes that count as images when a folder is listed."""
    readable = {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return frozenset((readable | PLUGIN_SUFFIXES) - {".pdf", ".mpg", ".mpeg"})


def image_name(source: Any) -> str:
    """What messages call `source`: its path, or the kind of object it is."""
    if isinstance(source, DecodedImage):
        return source.name
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    named = getattr(source, "name", None) or getattr(source, "filename", None)
    return str(named) if isinstance(named, str) and named else f"<{type(source).__name__}>"


def can_be_image(source: Any) -> bool:
    """Whether `source` is of a kind that `load_image` takes, whatever it holds."""
    kinds = (DecodedImage, np.ndarray, Image.Image, bytes, bytearray, memoryview, str, os.PathLike)
    return isinstance(source, kinds) or _is_tensor(source) or hasattr(source, "read")


def open_image(source: Any) -> Image.Image:
    """A path, bytes or a binary file as a Pillow image of which nothing is decoded yet, without Pillow's own limit.

    Raises:
        ImageError: it is no file, or empty.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        source = io.BytesIO(source)
    elif isinstance(source, str | os.PathLike):
        _require_file(Path(source))
    elif not hasattr(source, "read"):
        raise ImageError(f"cannot read an image from {type(source).__name__}", "not-an-image")
    _register_heif()
    with _no_pillow_limit():
        return Image.open(source)


def _require_file(path: Path) -> None:
    if not path.exists():
        raise ImageError("no such file", "missing")
    if not path.is_file():
        raise ImageError("not a regular file", "not-a-file")
    if path.stat().st_size == 0:
        raise ImageError("empty file (0 bytes)", "empty")


@contextmanager
def _no_pillow_limit() -> Iterator[None]:
    """Opens under our own pixel limit: Pillow's is a global one, and lower."""
    with _pillow_limit:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _register_heif() -> None:
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()


def _from_pillow(image: Image.Image, name: str, background: tuple[int, int, int], check: Admit) -> DecodedImage:
    check(image.height, image.width)
    notes: list[str] = []
    if getattr(image, "is_animated", False):
        notes.append("first of several frames")
        image.seek(0)
    if ";16" in str(getattr(image, "tile", "")) and image.mode[0] not in "IF":
        notes.append("16 bits per channel reduced to 8")  # Pillow keeps the high byte: at most 1 of 255 off
    image.load()
    image = _upright(image, notes)
    if image.mode.startswith("I") or image.mode == "F":
        return DecodedImage(_grey_to_rgb(_deep_grey(image, notes)), name, tuple(notes))
    image = _to_srgb(image, notes)
    if image.has_transparency_data:
        image = _flatten_alpha(image, background, notes)
    elif image.mode != "RGB":
        notes.append(f"{image.mode} converted to RGB")
        image = image.convert("RGB")
    return DecodedImage(np.array(image), name, tuple(notes))


def _check_size(height: int, width: int, max_pixels: int | None, admit: Admit | None) -> None:
    if height < 1 or width < 1:
        raise ImageError(f"empty image ({width} x {height} pixels)")
    if max_pixels is not None and height * width > max_pixels:
        raise ImageError(
            f"{width} x {height} = {height * width:,} pixels exceed the limit of {max_pixels:,}", "too-large"
        )
    if admit is not None:
        admit(height, width)


def _upright(image: Image.Image, notes: list[str]) -> Image.Image:
    try:
        orientation = image.getexif().get(0x0112, 1)
        upright = ImageOps.exif_transpose(image) if orientation in range(2, 9) else image
    except Exception as error:  # a broken EXIF block leaves a good picture
        notes.append(f"EXIF ignored: {_reason(error)}")
        return image
    if upright is not image:
        notes.append(f"EXIF orientation {orientation} applied")
    return upright


def _deep_grey(image: Image.Image, notes: list[str]) -> NDArray[np.uint8]:
    values = np.array(image)
    if image.mode == "F":
        notes.append("float converted to 8 bits")
        return _to_uint8(values)
    if values.min() < 0 or values.max() > 65535:
        raise ImageError(f"32-bit integer values in [{values.min()}, {values.max()}]; the limit is 16 bits")
    notes.append("16 bits scaled to 8")
    return _to_uint8(values.astype(np.uint16))


def _to_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    data = image.info.get("icc_profile")
    if not data:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        title = ImageCms.getProfileDescription(profile).strip()
        if title.lower().startswith("srgb"):
            return image
        converted = _convert_profile(image, profile)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        notes.append(f"ICC profile ignored: {_reason(error)}")
        return image
    notes.append(f"ICC profile {title!r} converted to sRGB")
    return converted


def _convert_profile(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    opaque = image if image.mode in ("RGB", "CMYK", "L", "LAB") else image.convert("RGB")
    srgb = ImageCms.profileToProfile(opaque, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    if srgb is None:
        raise ValueError("the conversion returned nothing")
    if alpha is not None:
        srgb.putalpha(alpha)
    return srgb


def _flatten_alpha(image: Image.Image, background: tuple[int, int, int], notes: list[str]) -> Image.Image:
    notes.append(f"alpha composited over rgb{background}")
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, (*background, 255)), rgba).convert("RGB")


def _from_array(array: NDArray[Any], name: str, background: tuple[int, int, int], check: Admit) -> DecodedImage:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ImageError(f"shape {array.shape} is neither (H, W) nor (H, W, C) with C in 1, 3, 4")
    check(array.shape[0], array.shape[1])
    notes = [] if array.dtype == np.uint8 else [f"{array.dtype} scaled to 8 bits"]
    pixels = _to_uint8(array)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return DecodedImage(_grey_to_rgb(pixels.reshape(pixels.shape[:2])), name, (*notes, "grey converted to RGB"))
    if pixels.shape[2] == 4:
        flat = _flatten_alpha(Image.fromarray(np.ascontiguousarray(pixels)), background, notes)
        pixels = np.array(flat)
    return DecodedImage(np.ascontiguousarray(pixels), name, tuple(notes))


def _to_uint8(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if not np.issubdtype(values.dtype, np.floating):
        raise ImageError(f"dtype {values.dtype} is none of uint8, uint16, float")
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise ImageError(f"float values in [{low:g}, {high:g}]; they must lie in [0, 1]")
    return np.rint(values * 255).astype(np.uint8)


def _grey_to_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey[:, :, None], 3, axis=2)


def _is_tensor(source: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.Tensor)


def _tensor_to_array(tensor: Any) -> NDArray[Any]:
    if tensor.ndim == 3 and tensor.shape[0] not in (1, 3, 4):
        raise ImageError(f"tensor of shape {tuple(tensor.shape)} is not (C, H, W) with C in 1, 3, 4")
    array = tensor.detach().cpu()
    array = array.float() if array.is_floating_point() else array
    return array.numpy() if tensor.ndim != 3 else array.permute(1, 2, 0).numpy()


def _unidentified(source: Any, name: str) -> ImageError:
    if isinstance(source, bytes | bytearray | memoryview) and not len(source):
        return ImageError(f"{name}: empty (0 bytes)", "empty")
    return ImageError(f"{name}: not an image, or of a format that is not supported here", "not-an-image")


def _why_unread(error: Exception) -> str:
    """Pillow says of files that are cut off `image file is truncated (0 bytes not processed)` and the like."""
    return "the file is cut off or damaged" if "truncated" in str(error).lower() else _reason(error)


def _reason(error: Exception) -> str:
    text = str(error).strip() or "no reason given"
    return text if isinstance(error, OSError) else f"{type(error).__name__}: {text}"
