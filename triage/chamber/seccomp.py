"""The system calls that the sealed child keeps: an allow-list as a classic BPF program.

Everything else fails with EPERM, so that a library which probes for a feature carries on and the self-test can
prove each denial from inside. Numbers are from the kernel's tables (asm/unistd_64.h, asm-generic/unistd.h).
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

_LD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_SET = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

_OFFSET_NUMBER = 0  # struct seccomp_data
_OFFSET_ARCH = 4
_OFFSET_ARGUMENTS = 16

_CLONE_THREAD = 0x00010000
_PROT_EXEC = 0x4

_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1  # every thread of the process, not only the caller

# name -> number. `read` and `write` reach only the one socket and /dev/null: nothing else is open.
_ALLOWED = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "munmap": 11, "brk": 12, "rt_sigaction": 13,
        "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19, "sched_yield": 24, "mremap": 25, "madvise": 28,
        "nanosleep": 35, "getpid": 39, "exit": 60, "gettimeofday": 96, "getrusage": 98, "sysinfo": 99,
        "sigaltstack": 131, "gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
        "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
        "set_robust_list": 273, "getrandom": 318, "rseq": 334,
    },
    "aarch64": {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "fstat": 80, "exit": 93, "exit_group": 94,
        "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128,
        "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "getrusage": 165,
        "gettimeofday": 169, "getpid": 172, "gettid": 178, "sysinfo": 179, "brk": 214, "munmap": 215,
        "mremap": 216, "madvise": 233, "getrandom": 278, "rseq": 293,
    },
}  # fmt: skip

# Allowed under a condition on one argument: threads but no processes; memory but never executable memory.
_CONDITIONAL = {
    "x86_64": {"mmap": 9, "mprotect": 10, "clone": 56, "clone3": 435, "seccomp": 317},
    "aarch64": {"mmap": 222, "mprotect": 226, "clone": 220, "clone3": 435, "seccomp": 277},
}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class SeccompUnavailable(Exception):
    """The machine or its kernel takes no filter."""


def _step(code: int, constant: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, constant)


def _argument(index: int) -> bytes:
    """Load the low word of an argument (both machines are little-endian)."""
    return _step(_LD_WORD, _OFFSET_ARGUMENTS + 8 * index)


def program(machine: str) -> bytes:
    """The filter for "x86_64" or "aarch64" as packed instructions. Raises SeccompUnavailable for others."""
    if machine not in _ALLOWED:
        raise SeccompUnavailable(f"no table for {machine}")
    deny = _step(_RETURN, _ERRNO | errno.EPERM)
    allow = _step(_RETURN, _ALLOW)
    conditional = _CONDITIONAL[machine]
    steps = [
        _step(_LD_WORD, _OFFSET_ARCH),
        _step(_JUMP_EQUAL, _AUDIT_ARCH[machine], 1, 0),
        _step(_RETURN, _KILL_PROCESS),  # a 32-bit call would use other numbers
        _step(_LD_WORD, _OFFSET_NUMBER),
    ]
    for number in _ALLOWED[machine].values():
        steps += [_step(_JUMP_EQUAL, number, 0, 1), allow]
    for name in ("mmap", "mprotect"):
        steps += [
            _step(_JUMP_EQUAL, conditional[name], 0, 4),
            _argument(2), _step(_JUMP_SET, _PROT_EXEC, 0, 1), deny, allow,
        ]  # fmt: skip
    steps += [
        _step(_JUMP_EQUAL, conditional["clone"], 0, 4),
        _argument(0), _step(_JUMP_SET, _CLONE_THREAD, 0, 1), allow, deny,
        # The flags of clone3 lie behind a pointer that a filter cannot follow; glibc falls back to clone.
        _step(_JUMP_EQUAL, conditional["clone3"], 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS),
        deny,
    ]  # fmt: skip
    return b"".join(steps)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install() -> None:
    """Bind every thread of this process for good. Needs no-new-privileges; raises SeccompUnavailable."""
    machine = platform.machine()
    steps = program(machine)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(steps, len(steps))
    argument = _Program(len(steps) // 8, ctypes.cast(buffer, ctypes.c_char_p))
    number = _CONDITIONAL[machine]["seccomp"]
    if libc.syscall(number, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(argument)):
        raise SeccompUnavailable(f"errno {ctypes.get_errno()}")
