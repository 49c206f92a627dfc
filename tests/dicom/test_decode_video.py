"""Video as a cine: every frame by its number, in true colours, from every container, and what happens when it is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from medview.app.headless import inspect_paths
from medview.core.problem import MedviewError
from medview.dicom import video
from medview.dicom.fragments import Fragment
from medview.dicom.frame_source import DicomFrame, frames_of_instance
from medview.dicom.header_reader import HeaderReader
from medview.dicom.transfer_syntax import TRANSFER_SYNTAXES, decoder_name
from medview.kernels.video_capture import can_read_streams
from tests.dicom.clips import FRAMES, clip_bytes, clip_picture
from tests.dicom.pixel_files import JPEG, encapsulated, frames_of, write_pixels

CLIPS = {
    "h264.mp4": "102",
    "h264_709.mp4": "103",
    "h264_full.mp4": "104",
    "h264.ts": "102.1",
    "h264.es": "105",
    "h264_odd.mp4": "106",
    "hevc.mp4": "107",
    "hevc_odd_10.es": "108",
    "mpeg2.es": "100",
    "mpeg2.ps": "100.1",
    "mpeg2_odd.ts": "101",
}


def write_video(path: Path, name: str, syntax: str = "", parts: int = 1, **changes: Any) -> Path:
    stream = clip_bytes(name)
    step = -(-len(stream) // parts)
    odd = "odd" in name
    fields = {"rows": 46 if odd else 48, "columns": 62 if odd else 64, "frames": FRAMES, **changes}
    cut = changes.pop("cut", None)
    fields.pop("cut", None)
    stream = stream[:cut]
    return write_pixels(
        path,
        encapsulated([stream[at : at + step] for at in range(0, len(stream), step)]),
        JPEG + (syntax or CLIPS[name]),
        **{"samples": 3, "allocated": 8, "photometric": "YBR_PARTIAL_420", "vr": "OB", **fields},
    )


def assert_is_picture(seen: np.ndarray, number: int) -> None:
    truth = clip_picture(number, *seen.shape[:2]).astype(int)
    difference = np.abs(seen.astype(int) - truth)
    # Chroma has half the resolution, so the bar's borders are soft; elsewhere three quantisations of eight bits add up.
    assert difference.mean() < 3, f"frame {number}: {difference.mean():.2f}"
    assert np.median(difference) <= 2
    column = (2 * number + 1) * seen.shape[1] // (2 * FRAMES)
    assert np.abs(seen[seen.shape[0] // 2, column].astype(int) - (200, 60, 40)).max() < 45


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_in_true_colours(tmp_path: Path, name: str) -> None:
    frames = frames_of(write_video(tmp_path / "a", name))
    assert len(frames) == FRAMES
    assert frames[0].needs_codec
    for frame in frames:
        picture = frame.read()
        assert picture.dtype == np.uint8
        assert_is_picture(picture, frame.frame)


@pytest.mark.parametrize("name", CLIPS)
def test_frames_in_any_order_are_the_same(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Backwards, by leaps and again: a frame is found by counting, not by a time that may be wrong."""
    monkeypatch.setattr(video, "BACK", 2)
    monkeypatch.setattr(video, "KEPT_BYTES", 0)
    frames = frames_of(write_video(tmp_path / "a", name))
    expected = [frame.read() for frame in frames]
    for number in (11, 10, 9, 4, 8, 3, 0, 11, 7, 6, 5):
        np.testing.assert_array_equal(frames[number].read(), expected[number], err_msg=str(number))


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("announced", [FRAMES, FRAMES + 1])
def test_leaping_ahead_lands_on_the_same_frames(
    tmp_path: Path, name: str, announced: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the container is as regular as the header says; anywhere else they are counted."""
    expected = [frame.read() for frame in frames_of(write_video(tmp_path / "w", name))]
    monkeypatch.setattr(video, "LEAP", 2)
    monkeypatch.setattr(video, "BACK", 1)
    monkeypatch.setattr(video, "REGULAR", 4)
    monkeypatch.setattr(video, "KEPT_BYTES", 0)
    frames = frames_of(write_video(tmp_path / "a", name, frames=announced))
    for number in (9, 2, 11, 5, 10, 0, 8):
        np.testing.assert_array_equal(frames[number].read(), expected[number], err_msg=str(number))


@pytest.mark.parametrize("parts", [2, 7])
def test_streams_in_several_fragments(tmp_path: Path, parts: int) -> None:
    """Even sizes only: padding inside a stream would be a damage of its own."""
    stream = clip_bytes("mpeg2.ps")
    step = len(stream) // parts // 2 * 2
    cut = [stream[at : at + step] for at in range(0, len(stream), step)]
    path = write_pixels(
        tmp_path / "a", encapsulated(cut), JPEG + "100.1", rows=48, columns=64, samples=3, allocated=8, frames=FRAMES,
        photometric="YBR_PARTIAL_420", vr="OB",
    )  # fmt: skip
    for frame in frames_of(path):
        assert_is_picture(frame.read(), frame.frame)


@pytest.mark.parametrize("name", ["h264.es", "mpeg2.es", "h264.ts", "hevc_odd_10.es"])
def test_a_cut_video_shows_what_is_there_and_says_what_is_not(tmp_path: Path, name: str) -> None:
    size = len(clip_bytes(name))
    whole = [frame.read() for frame in frames_of(write_video(tmp_path / "w", name))]
    frames = frames_of(write_video(tmp_path / "a", name, cut=size * 6 // 10))
    shown, codes = [], set()
    for frame in frames:
        try:
            frame.read()
            shown.append(frame.frame)
        except MedviewError as error:
            codes.add(error.code)
    assert codes == {"truncated_pixels"}, "a video that lacks its end has all its frames"
    assert shown == list(range(len(shown)))
    assert len(shown) >= 3
    for number in shown[:3]:
        np.testing.assert_array_equal(frames[number].read(), whole[number])


def test_more_frames_announced_than_there_are(tmp_path: Path) -> None:
    frames = frames_of(write_video(tmp_path / "a", "h264.mp4", frames=FRAMES + 3))
    for frame in frames[:FRAMES]:
        assert_is_picture(frame.read(), frame.frame)
    for frame in frames[FRAMES:]:
        with pytest.raises(MedviewError) as caught:
            frame.read()
        assert caught.value.code == "truncated_pixels"
        assert f"ends after {FRAMES} frame" in caught.value.text


def test_another_size_than_the_header_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MedviewError) as caught:
        frames_of(write_video(tmp_path / "a", "h264.mp4", rows=96))[0].read()
    assert caught.value.code == "codec_failed"
    assert "64×48" in caught.value.text


def test_padding_to_macroblocks_is_cut_off(tmp_path: Path) -> None:
    """A coded size of 48 lines whose header knows that 41 of them are picture, as 1088 lines are for 1080."""
    (frame, *_) = frames_of(write_video(tmp_path / "a", "mpeg2.es", rows=41))
    whole = frames_of(write_video(tmp_path / "b", "mpeg2.es"))[0].read()
    np.testing.assert_array_equal(frame.read(), whole[:41])


@pytest.mark.parametrize(
    "stream",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"RIFF" + bytes(64),
        b"\0" * 64,
    ],
)
def test_what_is_no_video_never_reaches_the_decoder(
    tmp_path: Path, stream: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("a playlist was given to FFmpeg")

    monkeypatch.setattr(cv2, "VideoCapture", opened)
    path = write_pixels(
        tmp_path / "a", encapsulated([stream]), JPEG + "102", rows=48, columns=64, samples=3, allocated=8, vr="OB"
    )
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[0].read()
    assert caught.value.code == "codec_failed"


def test_formats_that_name_other_files_are_closed_to_ffmpeg(tmp_path: Path) -> None:
    """The second lock: even behind a start that looks like video only MPEG formats are tried, and no file or server."""
    import os

    frames_of(write_video(tmp_path / "a", "h264.mp4"))[0].read()
    options = dict(part.split(";") for part in os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"].split("|"))
    assert options["protocol_whitelist"] == "none"
    assert not {"hls", "concat", "dash", "sdp", "image2"} & set(options["format_whitelist"].split(","))


def test_a_file_that_changes_while_it_plays(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a", "h264.mp4")
    frames = frames_of_instance(HeaderReader().read(str(path)))
    frames[0].read()
    whole = path.read_bytes()
    path.write_bytes(whole + b"\0" * 100)
    with pytest.raises(MedviewError) as caught:
        frames[5].read()
    assert caught.value.code == "file_changed"
    assert_is_picture(frames_of(path)[5].read(), 5)
    path.unlink()
    with pytest.raises(MedviewError) as caught:
        frames[7].read()
    assert caught.value.code == "file_vanished"


def test_reading_errors_do_not_reach_ffmpeg() -> None:
    def read(_offset: int, _length: int) -> bytes:
        raise OSError("gone")

    stream = video.FragmentStream([Fragment(0, 100)], read)
    assert stream.read(10) == b""
    assert isinstance(stream.fault, OSError)


def test_fragments_read_as_one_stream() -> None:
    data = bytes(range(256)) * 4
    stream = video.FragmentStream(
        [Fragment(10, 100), Fragment(200, 0), Fragment(300, 50), Fragment(500, 30)], lambda o, n: data[o : o + n]
    )
    whole = data[10:110] + data[300:350] + data[500:530]
    assert stream.size == len(whole)
    stream.seek(90)
    assert b"".join(iter(lambda: stream.read(7), b"")) == whole[90:]
    assert stream.seek(-5, 2) == 175
    assert stream.read() == whole[-5:]


def test_without_ffmpeg_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def __init__(self, *_: object) -> None: ...

        def isOpened(self) -> bool:
            return False

    monkeypatch.setattr(cv2, "VideoCapture", Closed)
    monkeypatch.setattr(cv2.videoio_registry, "getStreamBufferedBackends", list)
    assert not can_read_streams()
    with pytest.raises(MedviewError) as caught:
        frames_of(write_video(tmp_path / "a", "h264.mp4"))[0].read()
    assert caught.value.code == "codec_missing"
    assert "FFmpeg" in caught.value.text


def test_a_grey_header_over_a_colour_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a", "h264.mp4", samples=1, photometric="MONOCHROME2")
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[0].read()
    assert caught.value.code == "unusable_pixels"


def test_every_video_syntax_has_its_decoder() -> None:
    video_syntaxes = [uid for uid, row in TRANSFER_SYNTAXES.items() if row.codec == "video"]
    assert len(video_syntaxes) == 16
    assert {decoder_name(uid) for uid in video_syntaxes} == {"FFmpeg (OpenCV)"}


def test_a_video_is_one_stack_of_all_its_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a", "h264.mp4", FrameTime="40")
    answer, error = inspect_paths([str(path)])
    assert error is None
    assert (answer["frames_on_disk"], answer["frames_shown"]) == (FRAMES, FRAMES)
    (stack,) = answer["studies"][0]["series"][0]["stacks"]
    assert stack["shape"] == [FRAMES, 48, 64]
    assert stack["components"] == 3


def test_a_worker_decodes_a_whole_video(tmp_path: Path) -> None:
    """Through the pool, as the window does: many frames, two processes, each frame in its place."""
    from medview.jobs.pool import decode_pool
    from medview.jobs.shared_array import SharedArray

    frames = frames_of(write_video(tmp_path / "a", "h264.mp4"))
    target = SharedArray.create((FRAMES, 48, 64, 3), np.uint8)
    errors: list[MedviewError] = []

    def finished(_slot: int, error: MedviewError | None) -> None:
        if error is not None:
            errors.append(error)

    with decode_pool(2) as pool:
        pool.decode_into(frames, target, range(FRAMES), finished, lambda: False)
    assert not errors
    for number in range(FRAMES):
        assert_is_picture(target.array[number], number)
    target.close()


def test_frames_are_small_values(tmp_path: Path) -> None:
    frames: tuple[DicomFrame, ...] = frames_of(write_video(tmp_path / "a", "h264.mp4"))
    assert frames[0].pixels is frames[-1].pixels
