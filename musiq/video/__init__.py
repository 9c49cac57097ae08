"""Frames of video as images: which are looked at and when they are shown, their pixels, their scores.

It is frame quality and not video quality: motion, flicker, stutter and sound are not judged. PyAV (BSD) decodes; its
wheels bring FFmpeg (LGPL) with them, and with that x264 and x265 (GPL), encoders that are not used here.
"""

from musiq.video.sample import Frame, expected_frames, frames
from musiq.video.scoring import clip_rows, frame_name, score_frames
from musiq.video.summary import Summary

__all__ = ["Frame", "Summary", "clip_rows", "expected_frames", "frame_name", "frames", "score_frames"]
