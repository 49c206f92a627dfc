"""Text in every character set of PS3.3 C.12.1.1.2; the examples of PS3.5 Annexes H, I, J and K."""

from __future__ import annotations

from pathlib import Path

import pytest

from medview.core.person_name import shown_person_name
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.header_reader import HeaderReader
from medview.dicom.tags import CHARSET, WINDOW_CENTER, WINDOW_EXPLANATION, WINDOW_WIDTH
from medview.dicom.text_guess import guessed
from medview.dicom.windows import windows_of
from tests.dicom.reading import catalog_of, stacks_of
from tests.phantoms.raw_dicom import element, part10, small_image
from tests.shared import shared_path


def name(value: bytes, charset: str = "") -> str:
    return decode_text(value, codecs_of(charset.encode()), is_name=True)


def test_japanese_of_annex_h() -> None:
    kanji = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
    assert name(kanji, "\\ISO 2022 IR 87") == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    katakana = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J"
    assert name(katakana, "ISO 2022 IR 13\\ISO 2022 IR 87") == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"


def test_korean_of_annex_i() -> None:
    value = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"
    assert name(value, "\\ISO 2022 IR 149") == "Hong^Gildong=洪^吉洞=홍^길동"


def test_chinese_of_annexes_j_and_k() -> None:
    assert name("Wang^XiaoDong=王^小東=".encode(), "ISO_IR 192") == "Wang^XiaoDong=王^小東="
    assert name("Wang^XiaoDong=王^小东=".encode("gb18030"), "GB18030") == "Wang^XiaoDong=王^小东="
    assert name("张^三".encode("gbk"), "GBK") == "张^三"
    value = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="
    assert name(value, "\\ISO 2022 IR 58") == "Zhang^XiaoDong=张^小东="


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("ISO_IR 100", "latin-1", "Buc^Jérôme"),
        ("ISO_IR 101", "iso8859-2", "Wałęsa"),
        ("ISO_IR 109", "iso8859-3", "Ĉapek"),
        ("ISO_IR 110", "iso8859-4", "Bērziņš"),
        ("ISO_IR 144", "iso8859-5", "Люкceмбypг"),
        ("ISO_IR 127", "iso8859-6", "قباني^لنزار"),
        ("ISO_IR 126", "iso8859-7", "Διονυσιος"),
        ("ISO_IR 138", "iso8859-8", "שרון^דבורה"),
        ("ISO_IR 148", "iso8859-9", "Çavuşoğlu"),
        ("ISO_IR 166", "tis-620", "สมชาย"),
        ("ISO_IR 203", "iso8859-15", "Œuvre €"),
        ("ISO_IR 192", "utf-8", "Äneas^Rüdiger 王"),
        ("ISO 2022 IR 100", "latin-1", "Müller"),
        ("iso-ir 100", "latin-1", "Müller"),
    ],
)
def test_single_sets(charset: str, codec: str, text: str) -> None:
    assert name(text.encode(codec), charset) == text


def test_latin_sets_that_change_inside_a_text() -> None:
    """Dionysios in Greek and a French name in one value (PS3.5 6.1.2.5)."""
    value = b"Dionysios is \x1b-F\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2\\\x1b-A\xc9t\xe9"
    assert (
        decode_text(value, codecs_of(b"ISO 2022 IR 6\\ISO 2022 IR 126\\ISO 2022 IR 100"))
        == "Dionysios is Διονυσιος\\Été"
    )


def test_what_fits_no_set_is_never_another_letter() -> None:
    assert "�" in name(b"M\xfcller", "ISO_IR 192")
    assert name("Müller".encode()) == "Müller"  # no set declared, but it is UTF-8
    assert name(b"M\xfcller") == "Müller"  # no set declared, and it is not


def test_names_as_a_reader_expects_them() -> None:
    assert shown_person_name("Yamada^Tarou=山田^太郎=やまだ^たろう") == "山田太郎"
    assert shown_person_name("Yamada^Tarou=山田^太郎=やまだ^たろう", ideographic_first=False) == "Yamada, Tarou"
    assert shown_person_name("Hong^Gildong=洪^吉洞=홍^길동") == "洪吉洞"
    assert shown_person_name("홍^길동") == "홍길동"
    assert shown_person_name("==やまだ^たろう") == "やまだたろう"
    assert shown_person_name("王^小东^^^") == "王小东"
    assert shown_person_name("=司马 相如") == "司马相如"
    assert shown_person_name("ﾔﾏﾀﾞ^ﾀﾛｳ") == "ﾔﾏﾀﾞﾀﾛｳ"
    assert shown_person_name("Doe^John^^Dr.") == "Doe, Dr. John"
    assert shown_person_name("Doe^John^A^^Jr.") == "Doe, John A Jr."
    assert shown_person_name("") == shown_person_name("^^^") == shown_person_name("==") == ""


@pytest.mark.parametrize(
    ("text", "codec", "charset", "encoding"),
    [
        ("王^小东", "gbk", "ISO_IR 100", "GB18030"),
        ("张三", "gbk", "", "GB18030"),
        ("欧阳^娜娜", "gbk", "ISO_IR 100", "GB18030"),
        ("CT胸部平扫", "gbk", "ISO_IR 100", "GB18030"),
        ("王^小东", "gbk", "ISO_IR 192", "GB18030"),
        ("王^小东", "utf-8", "GB18030", "UTF-8"),
        ("김^희중", "euc_kr", "ISO_IR 100", "KS X 1001"),
        ("홍^길동", "euc_kr", "\\ISO 2022 IR 149", "KS X 1001"),
        ("山田^たろう", "shift_jis", "ISO_IR 100", "Shift_JIS"),
        ("Иванов^Пётр", "cp1251", "ISO_IR 100", "Windows-1251"),
        ("O’Brien^Seán", "cp1252", "ISO_IR 100", "Windows-1252"),
    ],
)
def test_bytes_of_another_set_are_guessed_at(text: str, codec: str, charset: str, encoding: str) -> None:
    assert guessed(text.encode(codec), codecs_of(charset.encode())) == (text, encoding)


@pytest.mark.parametrize(
    ("text", "codec", "charset"),
    [
        ("Müller^Jürgen", "latin-1", "ISO_IR 100"),
        ("Noël^François", "latin-1", ""),
        ("ÅÄÖ", "latin-1", "ISO_IR 100"),
        ("Núñez^Íñigo", "latin-1", "ISO_IR 100"),
        ("Buc^Jérôme", "utf-8", ""),
        ("王^小东", "gb18030", "GB18030"),
        ("王^小东", "utf-8", "ISO_IR 192"),
        ("Диоген", "iso8859-5", "ISO_IR 144"),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ", "shift_jis", "ISO_IR 13"),
        ("Doe^John", "ascii", ""),
    ],
)
def test_texts_that_fit_their_set_are_believed(text: str, codec: str, charset: str) -> None:
    assert guessed(text.encode(codec), codecs_of(charset.encode())) is None


def test_names_of_windows_are_readable() -> None:
    values = {
        WINDOW_CENTER: b"40",
        WINDOW_WIDTH: b"400",
        WINDOW_EXPLANATION: "腹部窗".encode("gbk"),
        CHARSET: b"ISO_IR 100",
    }
    (window,), _faults = windows_of(values, 0.0)
    assert window.name == "腹部窗"


def test_a_guess_is_said_and_the_name_stays_as_the_file_has_it(tmp_path: Path) -> None:
    """GBK under ISO_IR 100, as many Chinese systems write it."""
    path = tmp_path / "image"
    names = element(0x00080005, "CS", "ISO_IR 100") + element(0x00081030, "LO", "胸部平扫".encode("gbk"))
    data = small_image().replace(
        element(0x00100010, "PN", "Test^Raw"), element(0x00100010, "PN", "王^小东".encode("gbk"))
    )
    path.write_bytes(part10(names + data))
    (study,) = catalog_of(path).studies()
    assert study.patient.name == "王^小东".encode("gbk").decode("latin-1")
    assert study.patient.told_name == "王^小东 (?)"
    assert shown_person_name(study.patient.told_name) == "王小东 (?)"
    assert study.description == "胸部平扫"
    (note,) = [note for note in study.series[0].stacks[0].notes if note.code == "uncertain_text"]
    assert "王^小东" in note.text
    assert "GB18030" in note.text
    plain = tmp_path / "plain"
    plain.write_bytes(part10(element(0x00080005, "CS", "ISO_IR 100") + small_image()))
    assert "uncertain_text" not in {note.code for stack in stacks_of(plain) for note in stack.notes}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x1b(I4^?\x1b(B", "ｴﾞｿ"),
        (b"\x1b$(C\x48\x2b\x1b(B", "홍"),
        (b"\x1b$A\x56\x50\x1b(B", "中"),
        (b"\x1b%Gx", "\ufffd%Gx"),
    ],
)
def test_escapes_beyond_the_standard(value: bytes, text: str) -> None:
    assert decode_text(value, codecs_of(b"\\ISO 2022 IR 87")) == text


def test_two_byte_letters_hold_what_looks_like_delimiters() -> None:
    """In GBK and Shift-JIS the second byte of a letter may be 5C or 7C; a name's caret after ISO 2022 kanji needs no escape."""
    assert decode_text("運表".encode("gbk"), codecs_of(b"GBK")) == "運表"
    assert decode_text("表^ソ".encode("shift_jis"), codecs_of(b"ISO_IR 13"), is_name=True) == "表^ソ"
    assert name(b"\x1b$B;3ED\x1b(B^\x1b$BB@O:", "\\ISO 2022 IR 87") == "山田^太郎"


REAL = {
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrX1.dcm": "Wang^XiaoDong=王^小東=",
    "chrX2.dcm": "Wang^XiaoDong=王^小东=",
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrFrenMulti.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrRuss.dcm": "Люкceмбypг",
    "chrKoreanMulti.dcm": "김희중",
    "chrJapMulti.dcm": "やまだ^たろう",
    "chrJapMultiExplicitIR6.dcm": "やまだ^たろう",
}


@pytest.mark.parametrize("file", REAL)
def test_names_in_real_files(file: str) -> None:
    folder: Path = shared_path("data/pydicom+pydicom/src/pydicom/data/charset_files")
    assert HeaderReader().read(str(folder / file)).series.patient.name == REAL[file]
