import gc
import sys
from contextlib import closing
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from PIL import Image

from musiq.errors import ImageError, MissingExtraError
from musiq.image import DecodedImage
from musiq.scorer import Scorer
from musiq.scores import Score
from musiq.video import Summary, clip_rows, expected_frames, frame_name, frames, score_frames
from musiq.video import clip as clip_module
from musiq.video.pixels import to_rgb
from musiq.video.reader import Reader
from tests.clips import draw, number, write_clip, write_sound

NTSC = Fraction(30000, 1001)
FRONT = {"movflags": "faststart"}  # an MP4's index before its frames


def seen(path, *arguments, **options):
    """Number and time of each frame."""
    return [(number(frame.pixels), round(frame.time_s, 3)) for frame in frames(path, *arguments, **options)]


def broken(path, **options):
    """The numbers of the frames that come before the error, its kind and its reason."""
    found = []
    with pytest.raises(ImageError) as caught:  # noqa: PT012  the frames before the error matter
        for frame in frames(path, **options):
            found.append(number(frame.pixels))
    assert str(caught.value).startswith(f"{path}: ")
    return found, caught.value.kind, str(caught.value).removeprefix(f"{path}: ")


def cut(path, share, name=None):
    """A copy of the first part of a file."""
    content = path.read_bytes()
    shorter = path.with_name(name or f"cut_{path.name}")
    shorter.write_bytes(content[: int(len(content) * share)])
    return shorter


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (25, [(0, 0.0), (25, 1.0), (50, 2.0), (75, 3.0)]),
        (NTSC, [(0, 0.0), (29, 0.968), (59, 1.969), (89, 2.97)]),  # frame 30 comes at 1.001 s
    ],
)
def test_the_frame_of_every_second_is_the_one_that_is_shown_then(rate, shown, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 100, rate)
    assert seen(clip) == shown
    assert expected_frames(clip) == 4


def test_frames_spread_evenly_stand_in_the_middle_of_equal_parts(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 100)  # 4 s
    middles = [(12, 0.48), (37, 1.48), (62, 2.48), (87, 3.48)]  # shown at 0.5, 1.5, 2.5 and 3.5 s
    assert seen(clip, count=4) == middles
    assert seen(clip, 0.1, max_frames=4) == middles
    assert seen(clip, max_frames=4) == [(0, 0.0), (25, 1.0), (50, 2.0), (75, 3.0)]
    assert seen(clip, count=9, max_frames=4) == middles
    assert [index for index, _ in seen(clip, 0.001)] == list(range(100))  # each once
    assert [index for index, _ in seen(clip, count=1000)] == list(range(100))
    assert expected_frames(clip, 0.1, max_frames=4) == expected_frames(clip, count=4) == 4


@pytest.mark.parametrize("numbers", [{"every_s": 0}, {"every_s": np.nan}, {"count": 0}, {"max_frames": 0}])
def test_numbers_that_are_not_above_0_are_refused_at_once(numbers):
    with pytest.raises(ValueError, match="must be"):
        frames("x.mp4", **numbers)


X264 = {"x264-params": "keyint=25:min-keyint=25:scenecut=0:bframes=4:open-gop=1"}
KINDS = [
    ("mp4", "mpeg4", {}, {"max_b_frames": 2}),
    ("mkv", "mpeg4", {}, {}),
    ("mp4", "libx264", X264, {}),
    ("mkv", "libx264", X264, {}),
    ("mp4", "mjpeg", {}, {"pix_fmt": "yuvj420p"}),
]


@pytest.mark.parametrize(("suffix", "codec", "options", "stream"), KINDS)
@pytest.mark.parametrize("rate", [25, NTSC])
def test_seeking_finds_the_frames_that_decoding_everything_finds(
    suffix, codec, options, stream, rate, tmp_path, monkeypatch
):
    clip = write_clip(tmp_path / f"clip.{suffix}", 250, rate, codec=codec, key_every=25, options=options, **stream)
    decoded, seeks, decode, seek = [0], [], Reader._decode, Reader.seek
    monkeypatch.setattr(Reader, "seek", lambda self, tick: (seeks.append(tick), seek(self, tick))[1])
    monkeypatch.setattr(Reader, "_decode", lambda self, packet: (decoded.append(1), decode(self, packet))[1])
    for sampling in ({"every_s": 3.0}, {"every_s": 2.3}, {"count": 4}):
        with monkeypatch.context() as context:
            context.setattr(clip_module, "INDEXED", ())
            everything = list(frames(clip, **sampling))
        seeks.clear()
        decoded.clear()
        found = list(frames(clip, **sampling))
        assert [(f.time_s, f.pixels.tobytes()) for f in found] == [(f.time_s, f.pixels.tobytes()) for f in everything]
        assert [number(frame.pixels) for frame in found] == [round(frame.time_s * rate) for frame in found]
        assert len(seeks) >= 3
        assert len(decoded) < 200


def test_a_clip_that_jumps_is_not_sought_where_that_saves_little(tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "clip.mp4", 100)
    monkeypatch.setattr(Reader, "seek", lambda *_: pytest.fail("a seek"))
    assert [index for index, _ in seen(clip, 0.5)] == [0, 12, 25, 37, 50, 62, 75, 87]


PICTURE = np.kron(np.array([[0, 90, 180], [255, 30, 140]], np.uint8), np.ones((24, 24), np.uint8))[:, :, None].repeat(
    3, 2
)
ONE = 65536
TURNS = {  # (a, b, c, d) of ISO/IEC 14496-12: a point goes to (a x + c y, b x + d y); y points down
    "clockwise": ((0, ONE, -ONE, 0), lambda picture: np.rot90(picture, -1)),  # a phone held upright
    "half": ((-ONE, 0, 0, -ONE), lambda picture: np.rot90(picture, 2)),
    "anticlockwise": ((0, -ONE, ONE, 0), np.rot90),
    "mirrored": ((-ONE, 0, 0, ONE), np.fliplr),
    "upside down": ((ONE, 0, 0, -ONE), np.flipud),
    "transposed": ((0, ONE, ONE, 0), lambda picture: picture.transpose(1, 0, 2)),
}


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("turn", TURNS)
def test_the_display_matrix_is_applied(turn, suffix, tmp_path):
    (a, b, c, d), turned = TURNS[turn]
    clip = write_clip(tmp_path / f"clip.{suffix}", [PICTURE] * 2, display_matrix=[a, b, 0, c, d, 0, 0, 0, 1 << 30])
    (frame,) = frames(clip)
    assert frame.pixels.shape == turned(PICTURE).shape
    assert np.abs(frame.pixels.astype(int) - turned(PICTURE)).mean() < 4
    assert frame.notes == ("display matrix applied",)


@pytest.mark.parametrize(("aspect", "shape"), [(Fraction(4, 3), (48, 85, 3)), (Fraction(8, 9), (54, 64, 3))])
def test_pixels_are_made_square_by_enlarging(aspect, shape, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 3, sample_aspect_ratio=aspect)
    (frame,) = frames(clip)
    assert frame.pixels.shape == shape
    assert number(frame.pixels) == 0
    assert frame.notes == (f"pixels of {aspect.numerator}:{aspect.denominator} made square",)


def test_odd_sizes(tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", [draw(5, 47, 67)], codec="ffv1")
    (frame,) = frames(clip)
    assert frame.pixels.shape == (47, 67, 3)
    assert frame.pixels.dtype == np.uint8
    assert np.abs(frame.pixels.astype(int) - draw(5, 47, 67)).max() <= 9  # the edge's chroma is shared
    assert number(frame.pixels) == 5


def yuv(values, bits, height=48, **facts):
    """A flat frame of Y, U and V."""
    frame = av.VideoFrame(64, height, "yuv420p" if bits == 8 else "yuv420p10le")
    dtype = np.dtype("u1" if bits == 8 else "<u2")
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(np.full(plane.buffer_size // dtype.itemsize, value * 2 ** (bits - 8), dtype).tobytes())
    for name, value in facts.items():
        setattr(frame, name, value)
    return frame


def rgb_truth(values, bits, red, blue, full):
    """R'G'B' by the definitions of ITU-R BT.601, BT.709 and BT.2020: `red` and `blue` are their K_R and K_B."""
    y, u, v = (value * 2 ** (bits - 8) for value in values)
    unit, zero = 2 ** (bits - 8), 128 * 2 ** (bits - 8)
    if full:
        luma, cb, cr = (part / (2**bits - 1) for part in (y, u - zero, v - zero))
    else:
        luma, cb, cr = (y - 16 * unit) / (219 * unit), (u - zero) / (224 * unit), (v - zero) / (224 * unit)
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    return 255 * np.array([r, (luma - red * r - blue * b) / (1 - red - blue), b])


MATRICES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}  # numbers of ITU-T H.273


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_colours_follow_matrix_range_and_depth(matrix, full, bits):
    for values in ((120, 90, 180), (180, 140, 110), (60, 128, 128)):
        frame = yuv(values, bits, colorspace=matrix, color_range=2 if full else 1)
        pixels, notes = to_rgb(frame, Fraction(1), None, None)
        truth = rgb_truth(values, bits, *MATRICES[matrix], full)
        assert np.abs(pixels - truth).max() < 1.1  # FFmpeg takes 4 * 255 for the white of 10 bits
        assert notes == (() if bits == 8 else ("10 bits scaled to 8",))


@pytest.mark.parametrize(("height", "like"), [(576, 6), (720, 1)])
def test_a_matrix_that_is_not_stated_goes_by_the_height(height, like):
    pixels, _ = to_rgb(yuv((120, 90, 180), 8, height, colorspace=2), Fraction(1), None, None)
    assert np.abs(pixels - rgb_truth((120, 90, 180), 8, *MATRICES[like], False)).max() < 1


def test_colours_through_a_file(tmp_path):
    clip = write_clip(
        tmp_path / "clip.mp4", [draw(150)], codec="libx264", options={"crf": "1"}, color_range=2, colorspace=1
    )
    (frame,) = frames(clip)
    with av.open(str(clip)) as container:
        values = [np.array(plane).reshape(plane.height, -1)[20, 5] for plane in next(container.decode(video=0)).planes]
    assert np.abs(frame.pixels[20, 10] - rgb_truth(map(int, values), 8, *MATRICES[1], True)).max() < 1


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"color_trc": 16}, "HDR (PQ) not tone-mapped"),
        ({"color_trc": 18}, "HDR (HLG) not tone-mapped"),
        ({"color_primaries": 9}, "BT.2020 colours not converted"),
    ],
)
def test_what_is_not_done_is_said(facts, note):
    assert to_rgb(yuv((120, 90, 180), 8, colorspace=1, **facts), Fraction(1), None, None)[1] == (note,)


def test_a_clip_larger_than_the_limit_is_refused(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 2)
    assert broken(clip, max_pixels=64 * 48 - 1) == ([], "too-large", "64 x 48 pixels exceed the limit of 3,071")
    wide = write_clip(tmp_path / "wide.mp4", 2, sample_aspect_ratio=Fraction(4, 3))
    assert broken(wide, max_pixels=64 * 48) == ([], "too-large", "85 x 48 pixels exceed the limit of 3,072")


@pytest.mark.parametrize(
    ("name", "content", "kind", "reason"),
    [
        ("text.mp4", b"this is no video\n" * 99, "not-an-image", "not a video, or of a format that is not supported"),
        ("text.txt", b"this is no video\n" * 99, "not-an-image", "a text and not a video"),
        ("empty.mp4", b"", "empty", "empty file (0 bytes)"),
        ("missing.mp4", None, "missing", "no such file"),
        ("zeros.mp4", bytes(9999), "not-an-image", "not a video"),
    ],
)
def test_what_is_no_video(name, content, kind, reason, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found, known, why = broken(tmp_path / name)
    assert (found, known) == ([], kind)
    assert why.startswith(reason)


def test_a_folder_and_sound_without_a_picture(tmp_path):
    assert broken(tmp_path) == ([], "not-a-file", "not a regular file")
    assert broken(write_sound(tmp_path / "sound.m4a")) == ([], "not-an-image", "no video stream")


def test_a_playlist_leads_nowhere(tmp_path):
    clip = write_clip(tmp_path / "clip.ts", 30)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\n{clip}\n#EXT-X-ENDLIST\n"
    for name, text in (("list.m3u8", playlist), ("list.mp4", f"ffconcat version 1.0\nfile {clip.name}\n")):
        (tmp_path / name).write_text(text)
        assert broken(tmp_path / name)[:2] == ([], "not-an-image")


def test_a_clip_that_is_cut_off_gives_the_frames_before(tmp_path):
    whole = write_clip(tmp_path / "clip.mp4", 100, muxer=FRONT)
    found, kind, reason = broken(cut(whole, 0.6))
    assert found[:2] == [0, 25]
    assert all(earlier < later < 62 for earlier, later in pairwise(found))
    assert kind == "damaged"
    assert "cut off after" in reason
    assert "of 4.000 s" in reason
    matroska = write_clip(tmp_path / "clip.mkv", 100)
    assert broken(cut(matroska, 0.6))[0][:2] == [0, 25]
    assert "cut off after" in broken(cut(matroska, 0.6))[2]
    assert "cut off after" in broken(cut(write_clip(tmp_path / "clip.avi", 100), 0.6))[2]


def test_seeking_beyond_the_end_of_a_clip_that_is_cut_off(tmp_path, monkeypatch):
    shorter = cut(write_clip(tmp_path / "clip.mp4", 250, key_every=25, muxer=FRONT), 0.7)
    sought = broken(shorter, every_s=2.0)[0]
    monkeypatch.setattr(clip_module, "INDEXED", ())
    assert broken(shorter, every_s=2.0)[0] == sought
    assert sought[:4] == [0, 50, 100, 150]


def test_an_mp4_without_its_index_is_damaged(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 100)  # the index is at the end
    found, kind, reason = broken(cut(clip, 0.6))
    assert (found, kind) == ([], "damaged")
    assert "it may be cut off" in reason


def test_a_damaged_packet_is_passed_over_and_told(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 100, codec="mjpeg", pix_fmt="yuvj420p")
    content = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        packet = next(packet for packet in container.demux(video=0) if packet.time_base * packet.pts == 2)
    content[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    clip.write_bytes(content)
    found, kind, reason = broken(clip, every_s=0.5)
    assert found == [0, 12, 25, 37, 49, 62, 75, 87]  # 49 is still shown when 50 should be
    assert kind == "damaged"
    assert reason.startswith("it cannot be decoded in 1 place: Invalid data found")


def test_times_that_vary(tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", 5, 1000, times_ms=[0, 40, 1500, 5000, 5001])
    assert seen(clip) == [(0, 0.0), (1, 0.04), (2, 1.5), (3, 5.0)]
    assert seen(clip, 1e-5) == [(0, 0.0), (1, 0.04), (2, 1.5), (3, 5.0), (4, 5.001)]


def test_missing_times_are_counted(tmp_path):
    clip = write_clip(tmp_path / "clip.h264", 60, codec="libx264", format="h264")
    assert seen(clip) == [(0, 0.0), (25, 1.0), (50, 2.0)]
    assert seen(clip, count=2) == [(15, 0.6), (45, 1.8)]  # the length, 2.4 s, is counted too
    assert next(frames(clip)).notes == ("times counted at the frame rate",)
    assert expected_frames(clip, 0.5) == 5


def test_times_that_begin_anew_go_on(tmp_path):
    once = write_clip(tmp_path / "clip.ts", 60, codec="libx264", options={"tune": "zerolatency"})
    (tmp_path / "twice.ts").write_bytes(once.read_bytes() * 2)
    assert seen(tmp_path / "twice.ts") == [(0, 0.0), (25, 1.0), (50, 2.0), (15, 3.0), (40, 4.0)]


@pytest.mark.parametrize("name", ["clip.png", "clip%03d.jpg", "clip.gif"])
def test_a_single_picture_is_a_clip_of_one_frame(name, tmp_path):
    Image.fromarray(draw(7)).save(tmp_path / name)
    assert seen(tmp_path / name) == seen(tmp_path / name, count=3) == [(7, 0.0)]
    assert expected_frames(tmp_path / name) == 1


def test_sound_may_go_on_after_the_last_frame(tmp_path):
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        video, sound = container.add_stream("mpeg4", rate=25), container.add_stream("aac", rate=16000)
        video.height, video.width, video.pix_fmt = 48, 64, "yuv420p"
        for index in range(25):
            frame = av.VideoFrame.from_ndarray(draw(index), "rgb24")
            container.mux(video.encode(frame))
        for index in range(48):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.float32), "fltp", "mono")
            silence.sample_rate, silence.pts = 16000, 1000 * index
            container.mux(sound.encode(silence))
        container.mux(video.encode())
        container.mux(sound.encode())
    assert seen(tmp_path / "clip.mkv") == [(0, 0.0), (24, 0.96)]  # the last one is shown to the end


def test_frames_do_not_pile_up(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 100)
    gc.collect()
    gc.disable()
    try:
        most = 0
        for index, _ in enumerate(frames(clip, 0.1)):
            if index % 9 == 0:  # looking takes long
                most = max(most, sum(type(thing) is av.VideoFrame for thing in gc.get_objects()))
        for _ in range(9):
            with closing(frames(clip)) as few:
                next(few)
        left = sum(type(thing) is av.VideoFrame for thing in gc.get_objects())
    finally:
        gc.enable()
    assert 1 <= most <= 25  # at the end those of all threads, no more than 16, come at once
    assert left <= 11  # one of a single pixel for each clip


def test_without_pyav_the_extra_is_named(tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "clip.mp4", 2)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"reading video needs the extra 'musiq\[video\]'"):
        next(frames(clip))


@pytest.fixture
def scorer(default_checkpoint):
    return Scorer.load(default_checkpoint)


def test_frames_score_as_their_pixels_do(scorer, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", 100)
    found = list(score_frames(scorer, clip, frames(clip)))
    assert [time for time, _ in found] == [0.0, 1.0, 2.0, 3.0]
    for frame, (_, score) in zip(frames(clip), found, strict=True):
        assert isinstance(score, Score)
        assert score.mos == scorer.score(frame.pixels).mos
        assert (score.height, score.width) == (48, 64)


def test_rows_of_a_clip_that_is_cut_off(scorer, tmp_path):
    shorter = cut(write_clip(tmp_path / "clip.mp4", 100, muxer=FRONT), 0.6)
    summary = Summary()
    *scored, last = clip_rows(scorer, shorter, frames(shorter), summary)
    assert [row.path for row in scored[:2]] == [f"{shorter}!0.000s", f"{shorter}!1.000s"]
    assert all(row.score is not None and row.weights == scorer.checkpoint.id for row in scored)
    assert (last.path, last.score, last.kind) == (str(shorter), None, "damaged")
    assert last.error.startswith("it cannot be decoded") or last.error.startswith("cut off")
    assert (summary.frames, summary.reason, summary.whole) == (len(scored), f"damaged: {last.error}", False)


def test_names():
    assert frame_name("a/clip.mp4", 12.48) == "a/clip.mp4!12.480s"
    assert frame_name("cl\udce9p.mp4", 0) == r"cl\xe9p.mp4!0.000s"


@pytest.mark.parametrize("higher", [True, False])
def test_a_summary(higher, scorer):
    score = scorer.score(DecodedImage(draw(0), "x", ("a note",)))
    values = [50.0, 20.0, 90.0, 20.0, 70.0]
    summary = Summary(higher)
    for time, value in enumerate(values):
        summary.add(time / 2, Score(**{**vars(score), "mos": value}))
    assert (summary.frames, summary.mean, list(summary.notes), summary.whole) == (5, 50.0, ["a note"], True)
    assert (summary.worst, summary.best) == (((20.0, 0.5), (90.0, 1.0)) if higher else ((90.0, 1.0), (20.0, 0.5)))
    assert summary.low == pytest.approx(20.0 if higher else 86.0)  # 0.2 of the way from one to the next of five
    summary.add(9, ImageError("x", "memory"))
    assert (summary.failed, summary.frames, summary.whole) == (1, 5, False)
