"""What the filter says about each call, by running its program as the kernel does."""

from __future__ import annotations

import errno
import struct

import pytest

from triage.chamber.seccomp import SeccompUnavailable, program

_ALLOW = 0x7FFF0000
_DENY = 0x00050000 | errno.EPERM
_NO_SUCH_CALL = 0x00050000 | errno.ENOSYS
_KILL = 0x80000000
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

NUMBERS = {
    "x86_64": {
        "read": 0, "futex": 202, "open": 2, "openat": 257, "openat2": 437, "socket": 41, "connect": 42, "execve": 59,
        "execveat": 322, "fork": 57, "vfork": 58, "ptrace": 101, "unlink": 87, "kill": 62, "tgkill": 234,
        "prctl": 157, "io_uring_setup": 425, "clone": 56, "clone3": 435, "mmap": 9, "mprotect": 10,
        "x32_read": 0x40000000,
    },
    "aarch64": {
        "read": 63, "futex": 98, "openat": 56, "openat2": 437, "socket": 198, "connect": 203, "execve": 221,
        "execveat": 281, "ptrace": 117, "unlinkat": 35, "kill": 129, "tgkill": 131, "prctl": 167,
        "io_uring_setup": 425, "clone": 220, "clone3": 435, "mmap": 222, "mprotect": 226,
    },
}  # fmt: skip


def verdict(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    padded = (*arguments, *([0] * (6 - len(arguments))))
    data = struct.pack("=IIQ6Q", number, _ARCH[machine] if arch is None else arch, 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", program(machine)))
    accumulator = position = 0
    while True:
        code, if_true, if_false, constant = steps[position]
        position += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, constant)
        elif code == 0x15:
            position += if_true if accumulator == constant else if_false
        elif code == 0x45:
            position += if_true if accumulator & constant else if_false
        else:
            assert code == 0x06
            return int(constant)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
class TestFilter:
    def test_reading_the_open_socket_is_allowed(self, machine: str) -> None:
        """Decoding needs memory, time, locks and the socket."""
        assert verdict(machine, NUMBERS[machine]["read"]) == _ALLOW
        assert verdict(machine, NUMBERS[machine]["futex"]) == _ALLOW

    def test_files_network_programs_and_other_processes_are_denied(self, machine: str) -> None:
        """Every call that reaches out of the process fails with EPERM."""
        conditional = {"read", "futex", "clone", "clone3", "mmap", "mprotect"}
        for name in NUMBERS[machine].keys() - conditional:
            assert verdict(machine, NUMBERS[machine][name]) == _DENY, name

    def test_threads_are_allowed_and_processes_are_not(self, machine: str) -> None:
        """A codec may start a thread; nothing may fork. clone3 hides its flags, so it does not exist."""
        clone = NUMBERS[machine]["clone"]
        assert verdict(machine, clone, 0x003D0F00) == _ALLOW  # what pthread_create asks for
        assert verdict(machine, clone, 0x01200011) == _DENY  # what fork asks for
        assert verdict(machine, NUMBERS[machine]["clone3"]) == _NO_SUCH_CALL

    def test_memory_never_becomes_executable(self, machine: str) -> None:
        """Plain memory is given, executable memory is not."""
        for name in ("mmap", "mprotect"):
            assert verdict(machine, NUMBERS[machine][name], 0, 4096, 3) == _ALLOW
            assert verdict(machine, NUMBERS[machine][name], 0, 4096, 7) == _DENY

    def test_calls_of_another_architecture_end_the_process(self, machine: str) -> None:
        """A 32-bit call has other numbers: none is safe."""
        assert verdict(machine, 0, arch=0x40000003) == _KILL


def test_an_unknown_machine_gets_no_filter() -> None:
    """No table, no filter, no floor: nothing is decoded there."""
    with pytest.raises(SeccompUnavailable):
        program("riscv64")
