"""Archives as programs of other systems, and enemies, make them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from materials.transfer.archive_rules import ArchiveLimits
from materials.transfer.plan import ImportPlan, read_at_most
from materials.transfer.planning import build_import_plan
from materials.transfer.sources import SkipItem
from materials.transfer.zip_archive import ZipSource

LIMITS = ArchiveLimits(max_members=1000, max_unpacked_bytes=10**9)


@dataclass(kw_only=True)
class Raw:
    """A member, written byte by byte; what is not said is what it should be."""

    name: bytes
    data: bytes = b"# Text"
    flags: int = 0
    method: int = 0
    packed: bytes | None = None
    size: int | None = None
    crc: int | None = None
    system: int = 0
    mode: int = 0
    extra: bytes = b""
    offset: int | None = None
    local_name: bytes | None = None


def zipped(*members: Raw, count: int | None = None, length: int | None = None, disk: int = 0) -> bytes:
    """Return an archive of these members, with an end record that may lie."""
    body, listed = b"", b""
    for member in members:
        packed = member.data if member.packed is None else member.packed
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        size = len(member.data) if member.size is None else member.size
        common = struct.pack("<HHHHLLL", member.flags, member.method, 0, 0x21, crc, len(packed), size)
        lengths = struct.pack("<HH", len(member.name), len(member.extra))
        at = len(body) if member.offset is None else member.offset
        local = member.name if member.local_name is None else member.local_name
        body += b"PK\x03\x04\x14\x00" + common + struct.pack("<HH", len(local), len(member.extra))
        body += local + member.extra + packed
        listed += b"PK\x01\x02" + bytes([20, member.system, 20, 0]) + common + lengths
        listed += struct.pack("<HHHLL", 0, 0, 0, member.mode << 16, at) + member.name + member.extra
    number = len(members) if count is None else count
    size = len(listed) if length is None else length
    return body + listed + struct.pack("<4s4HLLH", b"PK\x05\x06", disk, disk, number, number, size, len(body), 0)


def opened(data: bytes, limits: ArchiveLimits = LIMITS) -> ZipSource:
    return ZipSource(io.BytesIO(data), limits)


def planned(data: bytes) -> ImportPlan:
    return build_import_plan(opened(data), takes_packages=True)


def names(*raw: bytes, flags: int = 0, extra: bytes = b"") -> list[str]:
    """Return how the names of members are shown, in their order."""
    members = [Raw(name=name, data=str(n).encode(), flags=flags, extra=extra) for n, name in enumerate(raw)]
    return [found.display_path for found in opened(zipped(*members)).list_items()]


def why_not(member: Raw) -> str:
    """Return the code by which a member is left out, when it is planned or when it is read; blank when it is taken."""
    archive = opened(zipped(member))
    plan = build_import_plan(archive)
    if plan.skipped:
        return plan.skipped[0].skip.code
    try:
        with archive.open(plan.files[0].item) as file:
            read_at_most(file, limit=10**9)
    except SkipItem as skip:
        return skip.code
    return ""


def deflated(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(data) + squeezer.flush()


class Unseekable(io.RawIOBase):
    """A pipe, so that zipfile writes sizes behind the data."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(data)  # type: ignore[arg-type]


def streamed(files: dict[str, bytes]) -> bytes:
    pipe = Unseekable()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        for path, content in files.items():
            made.writestr(path, content)
    return pipe.data
