"""A container -> the frames of its video stream, past what is damaged; and what was."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from musiq.errors import ImageError
from musiq.video.opening import container_kind, frame_rate

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

DATED = ("mov", "matroska", "flv")  # their headers tell the duration; that of others is estimated
SHORT_S = 0.5  # of the end, at most, that may be missing


class Reader:
    """Reads on where a clip is damaged, and remembers it."""

    def __init__(self, container: "InputContainer", stream: "VideoStream") -> None:
        self._container, self._stream = container, stream
        self._damaged, self._first, self._reached_s, self._at_end = 0, "", 0.0, False
        self._blind = container_kind(container) == "mpegts"  # a recording may begin between key frames

    def seek(self, tick: int) -> None:
        """Lets the next `frames` begin at the last key frame that is decoded no later than `tick`."""
        self._container.seek(tick, stream=self._stream)
        self._blind = True

    def frames(self) -> Iterator["VideoFrame"]:
        """The frames from where the container stands, in the order in which they are shown, but for damaged ones."""
        import av

        try:
            for packet in self._container.demux():  # of all streams: the sound may go on after the last frame
                self._reached_s = max(self._reached_s, self._end_s(packet))
                if packet.stream_index == self._stream.index:
                    yield from self._decode(packet)
            self._at_end = True
        except av.FFmpegError as error:
            self._blame(f"{error.strerror} (after {self._reached_s:.3f} s)")

    def _decode(self, packet: "Packet") -> list["VideoFrame"]:
        import av

        place = "" if packet.dts is None else f" (before {self._end_s(packet):.3f} s)"
        try:
            pictures = packet.decode()
        except av.FFmpegError as error:
            self._blame(f"{error.strerror}{place}")
            return []
        whole = [picture for picture in pictures if not picture.is_corrupt]
        if len(whole) < len(pictures):
            self._blame(f"an incomplete frame{place}")
        self._blind = self._blind and not whole
        return whole

    def _blame(self, reason: str) -> None:
        if not self._damaged:
            self._first = reason
        self._damaged += not self._blind

    def _end_s(self, packet: "Packet") -> float:
        time = packet.dts if packet.pts is None else packet.pts
        if time is None:
            return self._reached_s
        return float((time + (packet.duration or 0)) * packet.time_base) - (self._container.start_time or 0) / 1e6

    def check(self) -> None:
        """Raises an `ImageError` where what was read is damaged or cut off."""
        reasons, promised_s = list[str](), self._promised_s()
        if self._damaged:
            places = "1 place" if self._damaged == 1 else f"{self._damaged} places, the first"
            reasons.append(f"it cannot be decoded in {places}: {self._first}")
        if self._at_end and self._reached_s < promised_s - SHORT_S:
            reasons.append(f"cut off after {self._reached_s:.3f} s of {promised_s:.3f} s")
        if reasons:
            raise ImageError(", ".join(reasons), "damaged")

    def nothing(self) -> ImageError:
        """The error of a clip without a single frame."""
        return ImageError("no frame can be decoded" + (f": {self._first}" if self._first else ""), "damaged")

    def _promised_s(self) -> float:
        kind = container_kind(self._container)
        if kind == "avi":  # without its index, which is at the end, the duration is a guess
            return float(self._stream.frames / frame_rate(self._stream))
        return (self._container.duration or 0) / 1e6 if kind in DATED else 0.0
