"""Bytes of any encoding: right on short texts, fast on long ones, and never silently wrong."""

from __future__ import annotations

import struct

import pytest

from materials.readers.base.encoding_detection import extract_non_ascii_sample
from materials.readers.base.encodings import decode_prefix, decode_text, decode_with_warnings, looks_like_text

TEXTS = {
    "uk": ("Вода", "Привіт, світе!", "Змінна — це ім’я значення, яке може змінюватись."),
    "ru": ("Вода", "Переменная - это имя.", "ГЛАВА ПЕРВАЯ. Объекты и классы"),
    "zh": ("变量", "变量是存储数据的容器。", "水在一百度沸腾。This is a test"),
    "ja": ("変数", "変数はデータを保存する容器です。", "プログラムの基本：ループと関数"),
    "ko": ("변수는 데이터를 저장하는 그릇이다.", "물은 백도에서 끓는다."),
    "de": ("Größe", "Übung: Äpfel sind schön.", "Die „Größe“ – gemessen"),
    "fr": ("été", "La chaîne de caractères est définie à l’avance."),
    "pl": ("Zmienna jest nazwą wartości, która może się zmieniać.",),
    "tr": ("Değişken, bir değerin adıdır.",),
    "el": ("Η μεταβλητή είναι το όνομα μιας τιμής.",),
}
CASES = [
    (text, encoding)
    for language, encodings in {
        "uk": ("cp1251", "koi8_u", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32-le"),
        "ru": ("cp1251", "koi8_r", "cp866", "iso8859_5", "utf-16-le"),
        "zh": ("gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"),
        "ja": ("shift_jis", "euc_jp", "utf-16-le", "iso2022_jp"),
        "ko": ("euc_kr", "iso2022_kr"),
        "de": ("cp1252",), "fr": ("cp1252",), "pl": ("cp1250", "iso8859_2"), "tr": ("cp1254",),
        "el": ("cp1253",),
    }.items()
    for text in TEXTS[language]
    for encoding in encodings
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding"), CASES)
def test_a_line_is_enough(text: str, encoding: str) -> None:
    data = f"{text}\n".encode(encoding, errors="ignore")

    assert decode_text(data).removeprefix("\ufeff") == data.decode(encoding).removeprefix("\ufeff")


def test_letters_far_behind_plain_english_are_found_without_reading_it_all() -> None:
    data = b"Plain English text.\n" * 200_000 + "Вода кипить тут.\n".encode("cp1251") + b"And on it goes.\n" * 200_000

    assert "Вода кипить тут." in decode_text(data)
    assert len(extract_non_ascii_sample(data * 3)) < 10_000


@pytest.mark.parametrize(
    ("data", "warns"),
    [
        ("Вода".encode(), ""),
        ("Вода".encode("utf-16"), ""),
        ("Вода\n".encode("utf-16-le"), ""),
        (b"plain", ""),
        ("Вода кипить".encode("cp1251"), "windows-1251"),
        ("Вода кипить за ста градусів".encode() + b"\x92", "1 character could not be read"),
        ("Вода кипить за ста градусів".encode() + b"\xff x \xfe", "2 characters could not be read"),
        ("Автор сам написав \ufffd тут".encode(), ""),
    ],
)
def test_what_is_guessed_or_lost_is_said(data: bytes, warns: str) -> None:
    warnings = decode_with_warnings(data).warnings

    assert warns in " ".join(warnings)
    assert bool(warnings) is bool(warns)


@pytest.mark.parametrize(
    ("encoding", "declared", "warns"),
    [
        ("cp1251", "windows-1251", False),
        ("koi8_u", "koi8-u", False),
        ("koi8_u", "windows-1251", True),
        ("cp1251", "utf-8", True),
        ("cp1251", "iso-8859-1", True),
        ("cp1251", "base64", True),
        ("cp1251", "no such thing", True),
        ("utf-8", "windows-1251", False),
    ],
)
def test_a_declaration_is_believed_where_it_makes_sense(encoding: str, declared: str, warns: bool) -> None:
    text = "Вода кипить за температури сто градусів."

    found = decode_with_warnings(text.encode(encoding), declared=declared)

    assert found.text == text
    assert bool(found.warnings) is warns


def test_a_declaration_that_names_less_than_is_meant_is_no_reason_to_warn() -> None:
    assert decode_with_warnings("„Größe“ – 5 €".encode("cp1252"), declared="iso-8859-1").warnings == ()
    assert decode_with_warnings("镕基：变量是容器。".encode("gbk"), declared="gb2312").text == "镕基：变量是容器。"


@pytest.mark.parametrize("declared", ["idna", "punycode", "undefined", "base64", "rot13", "no such encoding"])
def test_a_declaration_of_what_is_no_encoding_of_texts_is_no_help(declared: str) -> None:
    decoded = decode_with_warnings("Привіт світ".encode("cp1251"), declared=declared)

    assert decoded.text == "Привіт світ"
    assert "windows-1251" in decoded.warnings[0]


def test_binary_noise_is_no_text() -> None:
    noise = bytes((number * 7919 + number * number * 104_729) >> 5 & 0xFF for number in range(4_000))

    assert not looks_like_text(noise)
    assert not looks_like_text(b"\x00\x01\x02\x03" * 100)
    assert looks_like_text("Вода\n".encode("utf-16-le"))
    assert looks_like_text("变量是存储数据的容器。\n".encode("utf-16-be"))
    assert looks_like_text("变量是存储数据的容器。\n".encode("gb18030"))


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<200I", *range(200)),
        struct.pack(">200I", *range(200)),
        struct.pack("<100d", *(number / 7 for number in range(100))),
        b"abc\x00\x00def\x00\x00gh\x00" * 30,
        b"RIFF" + b"\x00" * 300,
    ],
)
def test_binary_data_of_many_zero_bytes_is_no_text(data: bytes) -> None:
    assert not looks_like_text(data)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Line one.\x0cLine two\x00 here \x1b[31mred\x1b[0m\n", "Line one.\nLine two here red\n"),
        (b"Hi t\x00here", "Hi there"),
        ("Вода ки\x00пить тут.\n".encode("cp1251"), "Вода кипить тут.\n"),
        ("Вода ки\x00пить тут.\n".encode(), "Вода кипить тут.\n"),
    ],
)
def test_a_stray_zero_byte_does_not_make_utf_16_of_a_short_text(data: bytes, text: str) -> None:
    assert looks_like_text(data)
    assert decode_text(data) == text


def test_text_that_is_escaped_into_ascii_is_certain_and_is_found_at_the_beginning_of_a_file() -> None:
    data = ("水は百度で沸騰します。\n" * 50).encode("iso2022_jp")

    assert decode_with_warnings(data).warnings == ()
    assert decode_prefix(data[:100]).startswith("水は百度で沸騰します。\n水は")
    assert decode_text(b"\x1b$B half of it").startswith("$B half")
