"""Scores photos with a network that `musiq export CHECKPOINT --to onnx` wrote, without musiq.

    python examples/serve_elsewhere.py FOLDER PHOTO...

Needs NumPy, Pillow and ONNX Runtime. It is short so that it can be ported: everything between a photo's pixels and the
network's inputs stands here. Photos are turned upright by their EXIF orientation. What musiq's own decoder does
besides: it converts embedded colour profiles to sRGB, scales 16 bits to 8 and lays transparency over white. Here
Pillow's `convert("RGB")` does what it does; for JPEG photos in sRGB this is the same.

A file that cannot be read is named on stderr, the others are scored, and the exit code is 1.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def preserved_size(height, width, longer_side):
    """(height, width) with the longer side at `longer_side`, rounded half to even in 32-bit floats, at least 1."""
    ratio = np.float32(longer_side) / np.float32(max(height, width))
    return tuple(max(1, int(np.rint(np.float32(side) * ratio))) for side in (height, width))


def gaussian_taps(size_in, size_out):
    """For each of `size_out` samples the three source pixels that it is made of, and their weights: (3, size_out) both.

    A Gaussian of sigma 0.5 pixels of the *input*, cut off at 1.5, whatever the factor: no antialiasing.
    """
    step = np.float32(1) / (np.float32(size_out) / np.float32(size_in))
    centre = (np.arange(size_out, dtype=np.float32) + np.float32(0.5)) * step  # in pixels of the input
    nearest = np.floor(centre).astype(int)
    source = nearest + np.array([[-1], [0], [1]])
    distance = np.abs(source.astype(np.float32) + np.float32(0.5) - centre)
    weight = np.exp(-2 * distance**2)
    weight[(distance >= 1.5) | (source < 0) | (source >= size_in)] = 0
    return np.clip(source, 0, size_in - 1), weight / weight.sum(axis=0)


def resize(image, size):
    """Float32 (H, W, 3) at another (height, width): rows, then columns."""
    source, weight = gaussian_taps(image.shape[0], size[0])
    image = sum(image[source[tap]] * weight[tap][:, None, None] for tap in range(3))
    source, weight = gaussian_taps(image.shape[1], size[1])
    return sum(image[:, source[tap]] * weight[tap][None, :, None] for tap in range(3))


def cut(image, side, padding):
    """Float32 (H, W, 3) in [-1, 1] -> patches (rows * columns, 3, side, side) in raster order, and (rows, columns).

    The image stands in the middle of whole patches; an odd pixel of border goes below and right. The border is 0
    (`zeros`) or the image mirrored at its edge, the edge pixel itself twice (`mirror`).
    """
    height, width, _ = image.shape
    rows, columns = -(-height // side), -(-width // side)
    top, left = (rows * side - height) // 2, (columns * side - width) // 2
    border = ((top, rows * side - height - top), (left, columns * side - width - left), (0, 0))
    image = np.pad(image, border, {"zeros": "constant", "mirror": "symmetric"}[padding])
    patches = image.reshape(rows, side, columns, side, 3).transpose(0, 2, 4, 1, 3)
    return patches.reshape(rows * columns, 3, side, side), (rows, columns)


def hash_cells(rows, columns, grid):
    """Position of each patch in a grid x grid raster that all scales of a photo share: floor(i * grid / n)."""

    def index(count):
        return np.floor(np.arange(count, dtype=np.float32) * np.float32(grid / count)).astype(np.int64)

    return (index(rows)[:, None] * grid + index(columns)[None, :]).reshape(-1)


def make_inputs(photo, patches):
    """The network's inputs, B = 1, of an RGB Pillow image; `patches` is that of preprocess.json."""
    if patches.get("profile", "google-v1") != "google-v1":
        raise SystemExit(f"this example resizes as profile google-v1 does; the network wants {patches['profile']}")
    longest = patches["longest_px"]
    if longest is not None and max(photo.size) > longest:  # large photos are shrunk first, by a filter without aliases
        height, width = preserved_size(photo.height, photo.width, longest)
        photo = photo.resize((width, height), Image.Resampling.LANCZOS)
    image = np.asarray(photo, np.float32)
    scales = []  # small to large
    for side in patches["longer_sides"]:
        square = patches["aspect"] == "square"
        size = (side, side) if square else preserved_size(photo.height, photo.width, side)
        scales.append(resize(image, size))
    if patches["native"]:
        scales.append(image)
    pixels, cell, scale = [], [], []
    for index, values in enumerate(scales):
        cuts, shape = cut((values - 127.5) / 127.5, patches["patch_size"], patches["padding"])
        pixels.append(cuts)
        cell.append(hash_cells(*shape, patches["grid_size"]))
        scale.append(np.full(len(cuts), index))
    return {
        "pixels": np.concatenate(pixels)[None].astype(np.float32),  # (1, L, 3, P, P)
        "cell": np.concatenate(cell)[None],  # (1, L)
        "scale": np.concatenate(scale)[None].astype(np.int64),  # (1, L)
        "valid": np.ones((1, sum(map(len, pixels))), bool),  # (1, L)
    }


def pad_together(photos):
    """Inputs of several photos as one batch, shorter ones padded at their end."""
    longest = max(inputs["valid"].shape[1] for inputs in photos)

    def pad(array):
        return np.pad(array, [(0, 0), (0, longest - array.shape[1])] + [(0, 0)] * (array.ndim - 2))

    return {name: np.concatenate([pad(inputs[name]) for inputs in photos]) for name in photos[0]}


def decode(name):
    """The photo as an upright RGB Pillow image."""
    with Image.open(name) as photo:
        return ImageOps.exif_transpose(photo).convert("RGB")


def main(folder, names):
    """Prints a score for each photo; 1 if one could not be read, else 0."""
    session = onnxruntime.InferenceSession(str(Path(folder) / "model.onnx"))
    facts = json.loads((Path(folder) / "preprocess.json").read_text())
    failed = 0
    for name in names:  # of small photos several at once may be faster: `pad_together`
        try:
            photo = decode(name)
        except Exception as error:  # decoders raise nearly anything for a damaged file
            print(f"{name}: {error}", file=sys.stderr)
            failed = 1
            continue
        (score,) = session.run(["score"], make_inputs(photo, facts["patches"]))
        print(f"{score[0]:.2f}  {name}")
    return failed


if __name__ == "__main__":
    folder, *names = sys.argv[1:] or [""]
    if not names or not (Path(folder) / "model.onnx").is_file():
        sys.exit("usage: serve_elsewhere.py FOLDER PHOTO...\nFOLDER: what musiq export --to onnx wrote")
    sys.exit(main(folder, names))
