"""Small clips whose frames bear their number: its digits in base 16 are the grey levels of the two halves."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

HEIGHT, WIDTH = 48, 64


def draw(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """uint8 (height, width, 3)."""
    pixels = np.full((height, width, 3), 30 + 12 * (number % 16), np.uint8)
    pixels[:, width // 2 :] = 30 + 12 * (number // 16)
    return pixels


def number(pixels: np.ndarray) -> int:
    """Which frame it is: the middle of each half tells."""
    width = pixels.shape[1]
    low, high = pixels[:, : width // 3].mean(), pixels[:, -(width // 3) :].mean()
    return round((low - 30) / 12) + 16 * round((high - 30) / 12)


def write_clip(
    path: Path,
    pictures: int | Sequence[np.ndarray] = 50,
    rate: Fraction | int = 25,
    *,
    codec: str = "mpeg4",
    times_ms: Sequence[int] | None = None,
    key_every: int = 12,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    format: str | None = None,
    **stream: Any,
) -> Path:
    """Writes numbered frames, or pictures given, with PyAV; `stream` holds attributes such as `pix_fmt`."""
    drawn = [draw(index) for index in range(pictures)] if isinstance(pictures, int) else pictures
    matrix = stream.pop("display_matrix", None)
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no encoder {codec}")
    with av.open(str(path), "w", format=format, container_options=muxer or {}) as container:
        video = container.add_stream(codec, rate=Fraction(rate), options=options or {})
        video.height, video.width, video.pix_fmt = *drawn[0].shape[:2], "yuv420p"
        video.codec_context.gop_size, video.codec_context.bit_rate = key_every, 8_000_000
        for name, value in stream.items():
            setattr(video.codec_context, name, value)
        if matrix is not None:
            video.set_display_matrix(matrix)
        for index, picture in enumerate(drawn):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index, 1 / Fraction(rate)
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[index], Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


def write_sound(path: Path, seconds: int = 1) -> Path:
    """A file of silence."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=16000)
        for index in range(16 * seconds):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 16000, 1000 * index
            container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return path
