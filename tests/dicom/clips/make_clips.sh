#!/bin/sh
# Makes the streams of this folder again: sh make_clips.sh FFMPEG PYTHON, with an FFmpeg that has x264 and x265.
# Run in the repository's root.
set -e
ffmpeg=$1 python=$2 to=tests/dicom/clips
pictures() {
    "$python" -c "
import sys
from tests.dicom.clips import FRAMES, clip_picture
rows, columns = map(int, sys.argv[1:])
for n in range(FRAMES):
    sys.stdout.buffer.write(clip_picture(n, rows, columns).tobytes())" "$1" "$2"
}
make() { # rows columns pixel-format matrix range output options…
    rows=$1 columns=$2 format=$3 matrix=$4 range=$5 output=$6
    shift 6
    pictures "$rows" "$columns" | "$ffmpeg" -v error -y -f rawvideo -pix_fmt rgb24 -s "${columns}x$rows" -r 25 -i - \
        -vf "scale=out_color_matrix=$matrix:out_range=$range,format=$format" -colorspace "$matrix" -color_range "$range" \
        -map_metadata -1 -fflags +bitexact -flags:v +bitexact "$@" "$to/$output"
}
h264="-c:v libx264 -qp 8 -bf 2 -g 6"
hevc="-c:v libx265 -x265-params log-level=error:info=0:qp=8:keyint=6"
mpeg2="-c:v mpeg2video -q:v 2 -bf 2 -g 6"
make 48 64 yuv420p smpte170m tv h264.mp4 $h264
make 48 64 yuv420p bt709 tv h264_709.mp4 $h264
make 48 64 yuv420p bt709 pc h264_full.mp4 $h264
make 48 64 yuv420p smpte170m tv h264.ts $h264 -f mpegts
make 48 64 yuv420p smpte170m tv h264.es $h264 -f h264
make 46 62 yuv420p smpte170m tv h264_odd.mp4 $h264
make 48 64 yuv420p bt709 tv hevc.mp4 $hevc
make 46 62 yuv420p10le bt709 tv hevc_odd_10.es $hevc -f hevc
make 48 64 yuv420p smpte170m tv mpeg2.es $mpeg2 -f mpeg2video
make 48 64 yuv420p smpte170m tv mpeg2.ps $mpeg2 -f vob
make 46 62 yuv420p smpte170m tv mpeg2_odd.ts $mpeg2 -f mpegts
