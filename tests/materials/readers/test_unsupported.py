"""What to do with files that are not read, by their name and by their bytes."""

from __future__ import annotations

import io
import zipfile

import pytest

from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format, find_format_by_name
from materials.readers.unsupported import UNSUPPORTED_EXTENSIONS


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("talk.aac", b"\xff\xf1\x50\x80" + bytes(range(256)), "mp3"),
        ("talk.aiff", b"FORM\x00\x00\x10\x00AIFFCOMM" + b"\x00\x12" * 90, "mp3"),
        ("talk.wma", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(99), "mp3"),
        ("film.mpg", b"\x00\x00\x01\xba" + bytes(range(256)), "mp4"),
        ("film.flv", b"FLV\x01\x05" + bytes(range(256)), "mp4"),
        ("talk.ass", b"[Script Info]\nTitle: x\n", "srt"),
        ("course.zip", zipped("week 1/a.md"), "/import"),
        ("course.imscc", zipped("imsmanifest.xml", "web/a.html"), "/import"),
        ("course.7z", b"7z\xbc\xaf\x27\x1c" + bytes(range(256)), "zip"),
        ("sheet.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "csv"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "docx"),
        ("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(99), "document"),
        ("run.py", b"print(1)\n", "notebook"),
    ],
)
def test_the_advice_leads_to_a_type_that_is_read(name: str, data: bytes, advice: str) -> None:
    with pytest.raises(FormatProblem) as by_name:
        find_format_by_name(name)
    with pytest.raises(FormatProblem) as by_bytes:
        detect_format(io.BytesIO(data), "file" if data[:1] not in b"[p" else name)

    assert advice in by_name.value.next_step
    assert by_bytes.value.code == by_name.value.code == "type_unsupported"


def test_sound_and_film_are_never_to_become_a_pdf() -> None:
    recordings = [
        found for found in UNSUPPORTED_EXTENSIONS.values() if "video" in found.label or "audio" in found.label
    ]

    assert recordings
    assert not [found for found in recordings if "PDF" in found.next_step]
