"""Runs sealed, as a child that was taken over, and says what each way out came to.

`python -m tests.unit.triage.chamber.escapes PARENT [--as-nobody]` prints one JSON document: attempt → outcome, which
is the name of an errno or of a Python error, or "done: …" for what succeeded.
"""

from __future__ import annotations

import codecs
import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from triage.chamber.sealing import seal
from triage.chamber.seccomp import _ALLOWED, _CONDITIONAL

HIGHEST_CALL = 600
PASSED_BY_THE_KERNEL = {"x86_64": {335, 336}, "aarch64": set[int]()}
"""uretprobe and uprobe, which newer kernels keep from filters: from anywhere but a probe they kill the caller."""
MEMORY = 256 << 20
MANY_THREADS = 60
NOBODY = 65534

LIBC = ctypes.CDLL(None, use_errno=True)
BUFFER = ctypes.create_string_buffer(4096)
HERE = ctypes.addressof(BUFFER)
MACHINE = platform.machine()

# Numbers of x86_64 and of the table that newer machines share; None where a machine never had the call.
CALLS: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kill": (62, 129),
    "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272), "fork": (57, None), "vfork": (58, None), "clone": (56, 220),
    "clone3": (435, 435), "execve": (59, 221), "execveat": (322, 281), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "io_uring_setup": (425, 425), "io_setup": (206, 0), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280), "userfaultfd": (323, 282),
    "perf_event_open": (298, 241), "clock_settime": (227, 112), "settimeofday": (164, 170),
    "clock_adjtime": (305, 266),
    "setns": (308, 268), "unshare": (272, 97), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "fsopen": (430, 430), "openat": (257, 56), "openat2": (437, 437),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "getdents64": (217, 61),
    "readlinkat": (267, 78),
    "newfstatat": (262, 79), "statx": (332, 291), "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203),
    "bind": (49, 200), "sendmsg": (46, 211), "recvmsg": (47, 212), "sendto": (44, 206), "ioctl": (16, 29),
    "fcntl": (72, 25), "dup": (32, 23), "pipe2": (293, 59), "eventfd2": (290, 19), "epoll_create1": (291, 20),
    "timerfd_create": (283, 85), "signalfd4": (289, 74), "inotify_init1": (294, 26), "prlimit64": (302, 261),
    "setrlimit": (160, 164), "prctl": (157, 167), "seccomp": (317, 277), "setsid": (112, 157),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "setuid": (105, 146), "setgroups": (116, 159),
    "capset": (126, 91), "personality": (135, 92), "arch_prctl": (158, None), "modify_ldt": (154, None),
    "iopl": (172, None), "init_module": (175, 105), "finit_module": (313, 273), "kexec_load": (246, 104),
    "reboot": (169, 142), "swapon": (167, 224), "sethostname": (170, 161), "acct": (163, 89), "syslog": (103, 116),
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180), "mlockall": (151, 230),
    "pkey_mprotect": (329, 288), "remap_file_pages": (216, 234), "vmsplice": (278, 75), "sendfile": (40, 71),
    "splice": (275, 76), "landlock_create_ruleset": (444, 444), "quotactl": (179, 60), "uname": (63, 160),
    "getppid": (110, 173), "wait4": (61, 260), "alarm": (37, None), "setitimer": (38, 103),
    "timer_create": (222, 107),
    "fallocate": (285, 47), "ftruncate": (77, 46), "chdir": (80, 49), "unlinkat": (263, 35), "renameat2": (316, 276),
    "linkat": (265, 37), "mkdirat": (258, 34), "mknodat": (259, 33), "sync": (162, 81), "pause": (34, None),
}  # fmt: skip
ARGUMENTS = {"kill": (0, signal.SIGTERM), "rt_sigqueueinfo": (0, signal.SIGTERM, HERE), "clone": (signal.SIGCHLD,)}
"""For calls whose arguments matter; others get a buffer and zeros. 0 stands for the parent."""


def call(number: int, *arguments: int) -> str:
    """One system call, whatever it does."""
    ctypes.set_errno(0)
    result = LIBC.syscall(ctypes.c_long(number), *(ctypes.c_long(one) for one in arguments))
    if result == 0 and os.getpid() != OWN:
        os._exit(0)  # a second process: the attempt succeeded there too, which its parent reports
    return f"done: {result}" if result >= 0 else errno.errorcode.get(ctypes.get_errno(), "unknown")


def outcome(attempt: Callable[[], object]) -> str:
    try:
        return f"done: {attempt()}"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "unknown")
    except (MemoryError, ImportError, ValueError) as error:  # Python's words for some refusals
        return type(error).__name__


def executable_page() -> str:
    with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC):
        return "a page"


def abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.connect("\0anybody")


def threads_started() -> int:
    """As many sleeping threads as are given."""
    gate, count = threading.Event(), 0
    with suppress(RuntimeError):
        while count < MANY_THREADS:
            threading.Thread(target=gate.wait, daemon=True).start()
            count += 1
    return count


def programs(parent: int) -> dict[str, Callable[[], object]]:
    """Attempts that Python can spell."""
    return {
        "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "write a file": lambda: os.open("/tmp/escaped", os.O_WRONLY | os.O_CREAT),
        "read own memory as a file": lambda: os.open("/proc/self/mem", os.O_RDWR),
        "read the parent's memory as a file": lambda: os.open(f"/proc/{parent}/mem", os.O_RDONLY),
        "read the parent's environment": lambda: os.open(f"/proc/{parent}/environ", os.O_RDONLY),
        "list a folder": lambda: list(os.scandir("/")),
        "connect": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "meet by an abstract name": abstract_socket,
        "run a program": lambda: os.execv("/bin/true", ["true"]),
        "kill the parent": lambda: os.kill(parent, signal.SIGKILL),
        "kill everybody": lambda: os.kill(-1, signal.SIGTERM),
        "make memory executable": executable_page,
        "take all memory": lambda: len(bytearray(MEMORY * 2)),
        "raise the memory limit": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
        "lift the parent's limit": lambda: resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1)),
        "change the priority": lambda: os.nice(-5),
        "import something": lambda: __import__("this"),
    }


def attempts(parent: int) -> dict[str, str]:
    """Every way, tried."""
    found = {}
    for name, attempt in programs(parent).items():
        found[name] = outcome(attempt)
    column = ("x86_64", "aarch64").index(MACHINE)
    for name, numbers in CALLS.items():
        number = numbers[column]
        if number is not None:
            chosen = [parent if one == 0 else one for one in ARGUMENTS.get(name, ())]
            found[name] = call(number, *(chosen or (HERE, 0, 0, 0, 0, 0)))
    found["clone with namespaces"] = call(CALLS["clone"][column] or 0, 0x20000000 | signal.SIGCHLD)
    kept = {*_ALLOWED[MACHINE].values(), *_CONDITIONAL[MACHINE].values(), *PASSED_BY_THE_KERNEL[MACHINE]}
    strays = {number: call(number, -1, -1, -1, -1, -1, -1) for number in range(HIGHEST_CALL) if number not in kept}
    found |= {f"call {number}": word for number, word in strays.items() if word != "EPERM"}
    if MACHINE == "x86_64":
        found |= {"x32 getpid": call(0x40000000 + 39), "x32 open": call(0x40000000 + 2, HERE)}
    return found


if __name__ == "__main__":
    OWN = os.getpid()
    if "--as-nobody" in sys.argv and os.geteuid() == 0:
        codecs.lookup("ascii")  # whoever may not read the interpreter's files loads nothing later
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    layers = seal(MEMORY, int(sys.argv[1]))
    document = {"layers": {layer.name: layer.active for layer in layers}, "attempts": attempts(int(sys.argv[1]))}
    document["threads"] = threads_started()
    os.write(1, json.dumps(document).encode())
    os._exit(0)
