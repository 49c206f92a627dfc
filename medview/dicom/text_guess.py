"""What a text may mean whose bytes do not fit the character set that its file names, or that names none.

Chinese, Korean, Japanese and Russian systems write their own encodings under ISO_IR 100 or without any Specific Character Set
(PS3.3 C.12.1.1.2). A guess is only ever shown as one.
"""

from __future__ import annotations

import re

from medview.dicom.charset import decode_text

_RUNS = re.compile(rb"[\x80-\xff]+")
_LATIN = frozenset({"latin-1"})
_WIDE = frozenset({"gb18030", "gbk", "gb2312", "euc_kr", "shift_jis", "iso2022_jp", "iso2022_jp_2"})
# The commonest family names: what tells Chinese from Korean in two or three characters.
_CHINESE = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊"
    "金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁"
)
_KOREAN = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구나민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)


def guessed(value: bytes, codecs: tuple[str, ...]) -> tuple[str, str] | None:
    """(text, name of the encoding) that ``value`` may mean, None where it fits what its file says."""
    if value.isascii() or b"\x1b" in value:
        return None
    declared = codecs[0]
    utf8 = _decoded(value, "utf-8")
    if declared == "utf-8":
        return None if utf8 is not None else _of_latin(value, codecs)
    if utf8 is not None:
        # Three bytes for each ideograph: no accident. Latin text without a set is read as UTF-8 anyway.
        return (utf8, "UTF-8") if declared in _WIDE and any(ord(letter) > 0x7FF for letter in utf8) else None
    if declared in _LATIN:
        return _of_latin(value, codecs)
    if declared in _WIDE and _decoded(value, "gb18030" if declared.startswith("gb") else _plain(declared)) is None:
        return _of_latin(value, codecs)
    return None


def readable(value: bytes | None, codecs: tuple[str, ...]) -> str:
    """A text that says nothing of who the patient is: what it may mean where it does not fit its set, else what it says."""
    guess = guessed(value.strip(b" \0"), codecs) if value else None
    return decode_text(value, codecs) if guess is None else guess[0]


def _plain(codec: str) -> str:
    return "shift_jis" if codec.startswith("iso2022") else codec


def _decoded(value: bytes, codec: str) -> str | None:
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        return None


def _of_latin(value: bytes, codecs: tuple[str, ...]) -> tuple[str, str] | None:
    """What bytes may be that are not plausible as Latin text."""
    for codec in codecs[1:]:  # declared, but without the escape sequences that would call it
        if codec in _WIDE and (text := _decoded(value, _plain(codec))) is not None:
            return text, _NAMES.get(_plain(codec), codec)
    runs = _RUNS.findall(value)
    high = sum(map(len, runs))
    has_controls = any(0x80 <= byte <= 0x9F for byte in value)
    is_alone = not re.search(rb"[A-Za-z]", value)
    if all(len(run) % 2 == 0 for run in runs) and (high >= 4 or is_alone) and not has_controls:
        east = _chinese_or_korean(value, high)
        if east is not None:
            return east
    if has_controls:
        japanese = _decoded(value, "shift_jis")
        if (
            japanese is not None
            and _has_no_latin(japanese)
            and sum("\u3040" <= each <= "\u9fff" for each in japanese) >= 2
        ):
            return japanese, "Shift_JIS"
        chinese = _decoded(value, "gb18030")
        if (
            chinese is not None
            and _has_no_latin(chinese)
            and all("\u4e00" <= letter <= "\u9fff" for letter in chinese if ord(letter) > 0x7F)
        ):
            return chinese, "GB18030"
        western = _decoded(value, "cp1252")
        return (western, "Windows-1252") if western is not None and not is_alone else None
    if (
        is_alone
        and max(map(len, runs)) >= 4
        and all(byte >= 0xC0 or byte in {0xA8, 0xB8} for run in runs for byte in run)
    ):
        return value.decode("cp1251"), "Windows-1251"
    return None


def _has_no_latin(text: str) -> bool:
    return not any(letter.isascii() and letter.isalpha() for letter in text)


_NAMES = {"gb2312": "GB2312", "gbk": "GBK", "gb18030": "GB18030", "euc_kr": "KS X 1001", "shift_jis": "Shift_JIS"}


def _chinese_or_korean(value: bytes, high: int) -> tuple[str, str] | None:
    chinese = _decoded(value, "gb18030")
    korean = _decoded(value, "euc_kr")
    ideographs = [] if chinese is None else [letter for letter in chinese if "\u4e00" <= letter <= "\u9fff"]
    common = sum(0xB0 <= letter.encode("gb18030")[0] <= 0xD7 for letter in ideographs)
    syllables = [] if korean is None else [letter for letter in korean if "\uac00" <= letter <= "\ud7af"]
    is_chinese = 2 * len(ideographs) == high and (2 * common > len(ideographs) or ideographs[0] in _CHINESE)
    is_korean = 2 * len(syllables) == high
    if (
        is_korean
        and korean is not None
        and (not is_chinese or (ideographs[0] not in _CHINESE and syllables[0] in _KOREAN))
    ):
        return korean, "KS X 1001"
    return (chinese, "GB18030") if is_chinese and chinese is not None else None
