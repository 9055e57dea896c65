"""What Linux lets an unprivileged process take from itself: sockets, and the sight of other processes.

Two mechanisms, each used where the kernel has it; a container's usual profile allows both. A seccomp filter refuses
sockets, and the system calls that look into other processes. A Landlock domain closes `/proc/PID/environ` and
`/proc/PID/mem` of every process outside it, to root as well once it has given up the capabilities that overrule that
(docs/decisions/0052).

Nothing of the project is imported: the child loads this before it has limits.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from enum import StrEnum

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446  # the same on every architecture
# Making device files, which no reader does: a domain has to restrict something.
_LANDLOCK_ACCESS_FS_MAKE_CHAR, _LANDLOCK_ACCESS_FS_MAKE_BLOCK = 1 << 6, 1 << 11
# `capset` takes two words for 64 capabilities; these three let their holder look into other processes.
_CAPABILITY_VERSION = 0x20080522
_CAP_SYS_PTRACE, _CAP_SYS_ADMIN, _CAP_PERFMON = 19, 21, 38
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # classic BPF (linux/bpf_common.h)
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in seccomp_data, for little-endian machines
_AF_UNIX = 1
_X32_BIT = 0x40000000
# By machine: its audit number, `socket`, and what looks into other processes or goes around the filter: ptrace,
# process_vm_readv, process_vm_writev, pidfd_getfd, io_uring_setup.
_SYSTEM_CALLS = {
    "x86_64": (0xC000003E, 41, (101, 310, 311, 438, 425)),
    "aarch64": (0xC00000B7, 198, (117, 270, 271, 438, 425)),
}


class Sockets(StrEnum):
    """Which sockets a child may make. LOCAL: those of this machine's file system, by which LibreOffice finds itself."""

    NONE = "none"
    LOCAL = "local"
    ALL = "all"


def protect_memory() -> None:
    """Keep other processes of this user out of this one's environment and memory; root still sees them.

    Children inherit it until they start another program. Does nothing where there is no such thing.
    """
    if sys.platform == "linux":
        _load_libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def confine_process(sockets: Sockets) -> None:
    """Confine the calling thread and what it starts from now on, as far as the platform lets it. For good.

    To be called before other threads start. What could not be done is found by `project.jobs.checks`.
    """
    if sys.platform != "linux":
        return
    libc = _load_libc()
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        _drop_capabilities(libc)
        _enter_landlock_domain(libc)
        _install_filter(libc, sockets)


def _load_libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Give up the sight of other processes that root has. Programs that are started cannot get it back."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    held = ctypes.create_string_buffer(24)  # twice: effective, permitted, inheritable
    if libc.capget(header, held) == 0:
        given_up = (1 << _CAP_SYS_PTRACE | 1 << _CAP_SYS_ADMIN, 1 << (_CAP_PERFMON - 32))
        words = struct.unpack("=6I", held.raw)
        kept = [word & ~given_up[position // 3] for position, word in enumerate(words)]
        libc.capset(header, struct.pack("=6I", *kept))


def _enter_landlock_domain(libc: ctypes.CDLL) -> None:
    rights = struct.pack("=Q", _LANDLOCK_ACCESS_FS_MAKE_CHAR | _LANDLOCK_ACCESS_FS_MAKE_BLOCK)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, rights, ctypes.c_size_t(len(rights)), 0)
    if ruleset >= 0:
        libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)


def _install_filter(libc: ctypes.CDLL, sockets: Sockets) -> None:
    if os.uname().machine not in _SYSTEM_CALLS:
        return
    program = _build_filter(os.uname().machine, sockets)
    instructions = ctypes.create_string_buffer(program, len(program))

    class FilterProgram(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    given = FilterProgram(len(program) // 8, ctypes.addressof(instructions))
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0)


def _build_filter(machine: str, sockets: Sockets) -> bytes:
    """Return a BPF program that refuses, with EACCES, other architectures' calls, the listed ones, and sockets."""
    architecture, socket_call, others = _SYSTEM_CALLS[machine]
    checks = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_IF_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in others:
        checks += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    if sockets is not Sockets.ALL:
        checks += [(_JUMP_IF_EQUAL, 1, 0, socket_call), (_RETURN, 0, 0, _ALLOW)]
        if sockets is Sockets.LOCAL:
            checks += [(_LOAD, 0, 0, _FIRST_ARGUMENT), (_JUMP_IF_EQUAL, 0, 1, _AF_UNIX), (_RETURN, 0, 0, _ALLOW)]
        checks.append((_RETURN, 0, 0, _REFUSE))
    checks.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in checks)
