"""Archives that were made to do harm, or by programs with habits of their own."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from materials.transfer.archive_rules import ArchiveLimits, ArchiveRefused
from materials.transfer.plan import read_at_most
from materials.transfer.planning import build_import_plan
from materials.transfer.sources import SkipItem
from tests.materials.transfer.archives import LIMITS, Raw, deflated, names, opened, planned, streamed, why_not, zipped

UTF8 = 0x800


@pytest.mark.parametrize(
    "name",
    [
        b"../evil.md", b"a/../../evil.md", b"/etc/evil.md", b"..\\evil.md", b"C:\\evil.md", b"c:/evil.md", b"a/..",
        b"\\\\server\\share\\evil.md", b"evil.md\x00.png", b"//evil.md",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(name: bytes) -> None:
    assert why_not(Raw(name=name)) == "path_unsafe"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (b"a" * 256 + b".md", "name_too_long"),
        (b"abcdefgh/" * 120 + b"a.md", "name_too_long"),
        (b"\x01\x02", "name_unusable"),
        (b"././", "name_unusable"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(name: bytes, code: str) -> None:
    assert why_not(Raw(name=name)) == code


def test_backslashes_separate_and_dots_vanish() -> None:
    assert [file.path for file in planned(zipped(Raw(name=b"a\\.\\b\\c.md"), Raw(name=b"./d//e.md"))).files] == [
        ("a", "b", "c.md"),
        ("d", "e.md"),
    ]


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (Raw(name=b"link.md", system=3, mode=stat.S_IFLNK | 0o777, data=b"/etc/passwd"), "link"),
        (Raw(name=b"link.md", system=19, mode=stat.S_IFLNK | 0o777, data=b"/etc/passwd"), "link"),
        (Raw(name=b"pipe.md", system=3, mode=stat.S_IFIFO), "special_file"),
        (Raw(name=b"secret.md", flags=1), "file_encrypted"),
        (Raw(name=b"odd.md", method=14), "method_unsupported"),
        (Raw(name=b"squeezed.md", method=12), "method_unsupported"),
        (Raw(name=b"bomb.md", method=8, data=bytes(2**22), packed=deflated(bytes(2**22))), "file_unpacks_too_large"),
        (Raw(name=b"damaged.md", crc=1), "file_damaged"),
        (Raw(name=b"cut.md", method=8, packed=deflated(b"x" * 5000)[:-9], data=b"x" * 5000), "file_damaged"),
        (Raw(name=b"noise.md", method=8, packed=b"\xff" * 20), "file_damaged"),
        (Raw(name=b"liar.md", method=8, packed=deflated(b"x" * 5000), data=b"x" * 5000, size=9), "file_damaged"),
        (Raw(name=b"short.md", method=8, packed=deflated(b"x" * 5000), data=b"x" * 5000, size=5001), "file_damaged"),
        (Raw(name=b"other.md", local_name=b"another.md"), "file_damaged"),
        (Raw(name=b"text.md", local_name=b"\xff.md", flags=UTF8), "file_damaged"),
        (Raw(name=b"empty.md", data=b""), "file_empty"),
        (Raw(name=b".hidden.md"), "hidden"),
        (Raw(name=b"fine.md", system=3, mode=stat.S_IFREG | 0o644), ""),
    ],
    ids=lambda value: value.name.decode() if isinstance(value, Raw) else value,
)
def test_a_member_that_cannot_be_taken_is_left_out_alone(member: Raw, code: str) -> None:
    assert why_not(member) == code


def test_a_member_gives_no_more_than_it_is_said_to_have() -> None:
    liar = Raw(name=b"a.md", method=8, packed=deflated(bytes(10**6)), data=bytes(10**6), size=100)
    archive = opened(zipped(liar))
    seen = b""

    def read() -> None:
        nonlocal seen
        with archive.open(archive.list_items()[0]) as file:
            while piece := file.read(64):
                seen += piece

    with pytest.raises(SkipItem):
        read()
    assert len(seen) <= 100


def test_a_member_that_ends_before_its_announced_size_is_damaged_however_it_is_read() -> None:
    whole = bytearray(streamed({"a/b.md": b"# Text " * 50, "c.md": b"more"}))
    size_at = whole.index(b"PK\x01\x02") + 24
    assert struct.unpack_from("<L", whole, size_at) == (350,)
    whole[size_at + 1] = 0xFF
    archive = opened(bytes(whole))
    cut, fine = archive.list_items()

    for piece_bytes in (1, 64, 350, 10**6):
        with archive.open(cut) as file:
            assert b"".join(file.read(piece_bytes) for _ in range(-(-350 // piece_bytes))) == b"# Text " * 50
            with pytest.raises(SkipItem) as skipped:
                file.read(piece_bytes)
        assert skipped.value.code == "file_damaged"

    with archive.open(fine) as file:
        assert read_at_most(file, limit=100) == b"more"
        assert file.read(1) == b""


def test_members_that_overlap_are_refused_as_a_whole() -> None:
    kernel = deflated(bytes(1000))
    quoted = [Raw(name=b"a.md", method=8, packed=kernel, data=bytes(1000))]
    quoted += [Raw(name=b"%d.md" % n, method=8, packed=b"", data=bytes(1000), offset=0) for n in range(3)]
    nested = zipped(Raw(name=b"a.md", data=zipped(Raw(name=b"b.md"))), Raw(name=b"b.md", offset=34))

    for archive in (zipped(*quoted), nested):
        with pytest.raises(ArchiveRefused) as refused:
            opened(archive)
        assert refused.value.code == "archive_overlaps"


def test_an_archive_that_unpacks_to_too_much_is_refused_by_what_it_says() -> None:
    with pytest.raises(ArchiveRefused) as refused:
        opened(
            zipped(*(Raw(name=b"%d.md" % n, size=400) for n in range(3))),
            ArchiveLimits(max_members=9, max_unpacked_bytes=1000),
        )

    assert refused.value.code == "archive_unpacks_too_large"


def test_a_list_that_is_longer_than_it_says_is_counted_before_it_is_read() -> None:
    many = zipped(*(Raw(name=b"%d" % n, data=b"") for n in range(50)), count=1)

    with pytest.raises(ArchiveRefused) as refused:
        opened(many, ArchiveLimits(max_members=49, max_unpacked_bytes=10**9))

    assert refused.value.code == "archive_too_many_files"


def test_paths_may_not_name_more_folders_than_an_archive_may_have_files() -> None:
    archive = zipped(*(Raw(name=b"%d/" % n + b"a/" * 450 + b"x.md") for n in range(20)))

    with pytest.raises(ArchiveRefused) as refused:
        opened(archive).list_items()

    assert refused.value.code == "archive_too_many_files"


def test_what_lies_too_deep_is_one_folder_in_the_plan() -> None:
    deep = b"a/" * 400

    plan = build_import_plan(opened(zipped(Raw(name=deep + b"x.md"), Raw(name=b"a/y.md"))), unwrap=False, levels=3)

    assert [folder.path for folder in plan.folders] == [("a",) * number for number in (1, 2, 3)]
    assert [(left.is_folder, left.skip.code) for left in plan.skipped] == [(False, "too_deep"), (True, "too_deep")]
    assert [file.path for file in plan.files] == [("a", "y.md")]


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (b"", "not_a_zip"),
        (b"%PDF-1.7 a document", "not_a_zip"),
        (zipped(Raw(name=b"a"))[:-1], "not_a_zip"),
        (zipped(Raw(name=b"a"), disk=1), "archive_in_parts"),
        (zipped(Raw(name=b"a"), length=10**6), "archive_damaged"),
        (zipped(Raw(name=b"a"), length=10), "archive_damaged"),
        (zipped(Raw(name=b"\xff\xfe.md", flags=UTF8)), "archive_damaged"),
        (b"PK\x06\x06" + bytes(40) + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + zipped(), "archive_damaged"),
    ],
)
def test_an_archive_that_is_none_says_so(archive: bytes, code: str) -> None:
    with pytest.raises(ArchiveRefused) as refused:
        opened(archive)

    assert (refused.value.code, bool(refused.value.next_step)) == (code, True)


@hypothesis_settings(max_examples=150)
@given(st.data())
def test_any_damage_is_refused_or_left_out(data: st.DataObject) -> None:
    whole = bytearray(streamed({"a/b.md": b"# Text " * 50, "c.md": b"more"}))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))

    try:
        archive = opened(bytes(whole[: data.draw(st.integers(1, len(whole)))]))
        for file in build_import_plan(archive).files:
            try:
                with archive.open(file.item) as reader:
                    assert len(read_at_most(reader, limit=10**7)) == file.item.size
            except SkipItem:
                pass
    except ArchiveRefused:
        pass


def test_names_are_read_in_the_encoding_that_their_program_used() -> None:
    raw = zlib.crc32(b"a.md")
    info_zip = struct.pack("<HHBL", 0x7075, 5 + len("вода.md".encode()), 1, raw) + "вода.md".encode()
    stale = struct.pack("<HHBL", 0x7075, 5 + 4, 1, 1) + b"b.md"

    assert names("вода.md".encode(), flags=UTF8) == ["вода.md"]
    assert names("вода.md".encode()) == ["вода.md"]
    assert names("Тиждень 1/Їжа.md".encode("cp866"), "01 intro.md".encode("cp866")) == [
        "Тиждень 1/Їжа.md",
        "01 intro.md",
    ]
    assert names("Лекция о воде.md".encode("cp866")) == ["Лекция о воде.md"]
    assert names("Лекція про воду.md".encode("cp1251")) == ["Лекція про воду.md"]
    assert names("Café crème.md".encode("cp437"), "Übung für Anfänger.md".encode("cp437")) == [
        "Café crème.md",
        "Übung für Anfänger.md",
    ]
    assert names(b"a.md", extra=info_zip) == ["вода.md"]
    assert names(b"a.md", extra=stale) == ["a.md"]


@pytest.mark.parametrize(
    ("encoding", "label", "paths"),
    [
        ("cp932", "Shift-JIS", ["第1章/沸騰.md", "第2章/表.md", "第3章/ソフト.md"]),
        ("gbk", "GBK", ["第一章/水的沸腾.md", "温度与压力.docx"]),
        ("big5", "Big5", ["第一章/水的沸騰.md", "功課.md"]),
        ("cp949", "EUC-KR", ["1주차/물의 끓음.md", "연습 문제.pdf"]),
        ("cp852", "DOS code page 852", ["Kapitola 1/Příklad žluťoučký kůň.md"]),
        ("cp852", "DOS code page 852", ["Lekcja 1/Wstęp.md", "Gęstość i objętość.docx"]),
        ("cp1250", "Windows code page 1250", ["1. előadás/Bevezetés.md", "Hőmérséklet.docx", "Összefoglalás.txt"]),
        ("cp737", "DOS code page 737", ["Εβδομάδα 1/Εισαγωγή.md", "Ασκήσεις.pdf"]),
        ("cp1253", "Windows code page 1253", ["Εβδομάδα 1/Εισαγωγή.md", "Ασκήσεις.pdf"]),
        ("cp857", "DOS code page 857", ["Hafta 1/Giriş ve ısı.md", "Çalışma soruları.pdf"]),
        ("cp1254", "Windows code page 1254", ["Hafta 1/Giriş ve ısı.md", "Çalışma soruları.pdf"]),
        ("cp866", "DOS code page 866", ["Тиждень 1/Вода.md", "Вправи.pdf"]),
        ("cp850", "DOS code page 850", ["Lição 1/Introdução.md", "Água.pptx"]),
    ],
)
def test_the_encoding_of_names_is_guessed_over_all_of_them_and_said(
    encoding: str, label: str, paths: list[str]
) -> None:
    archive = opened(zipped(Raw(name=b"readme.md"), *(Raw(name=path.encode(encoding)) for path in paths)))

    names = ["/".join(item.path) for item in archive.list_items()]
    assert names == ["readme.md", *paths]
    assert label in " ".join(archive.warnings)
    assert build_import_plan(archive).warnings == archive.warnings


def test_names_that_are_declared_are_no_guess() -> None:
    assert opened(zipped(Raw(name="вода.md".encode(), flags=UTF8), Raw(name=b"a.md"))).warnings == ()
    assert opened(zipped(Raw(name="вода.md".encode()))).warnings == ()


def test_a_letter_and_a_colon_are_a_name() -> None:
    assert names(b"Q: what is steam.md", b"c:evil.md", b"a: b.md") == ["Q: what is steam.md", "c:evil.md", "a: b.md"]
    assert why_not(Raw(name=b"C:\\a.md")) == "path_unsafe"


def test_the_same_name_in_two_spellings_is_one_folder_and_the_last_of_two_files_counts() -> None:
    composed, taken_apart = "é/a.md".encode(), "e\u0301/b.md".encode()

    plan = planned(zipped(*(Raw(name=name, flags=UTF8) for name in (composed, taken_apart, composed, b"E/c.md"))))

    assert [folder.path for folder in plan.folders] == [("E",), ("é",)]
    assert [left.skip.code for left in plan.skipped] == ["path_twice"]


def test_zip64_and_sizes_behind_the_data_are_read() -> None:
    big = io.BytesIO()
    with zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED) as made, made.open("a.md", "w", force_zip64=True) as file:
        file.write(b"# Zip64")
    plain = big.getvalue()
    at = plain.index(b"PK\x05\x06")
    _, _, _, _, count, length, offset, _ = struct.unpack("<4s4HLLH", plain[at:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    ending = struct.pack("<4s4HLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    lying = record.replace(struct.pack("<2Q", count, count), struct.pack("<2Q", 10**6, 10**6))

    for data, text in (
        (plain[:at] + record + locator + ending, b"# Zip64"),
        (streamed({"a.md": b"# Pipe"}), b"# Pipe"),
    ):
        archive = opened(data)
        with archive.open(archive.list_items()[0]) as reader:
            assert read_at_most(reader, limit=100) == text
    with pytest.raises(ArchiveRefused) as refused:
        opened(plain[:at] + lying + locator + ending, LIMITS)
    assert refused.value.code == "archive_too_many_files"
