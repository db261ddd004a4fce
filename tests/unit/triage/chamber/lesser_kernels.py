"""A chamber where fewer walls are lent: `python -m … CALL…` refuses these system calls first, as containers do.

Prints the layers that the child proved, and what became of one picture.
"""

from __future__ import annotations

import ctypes
import errno
import io
import json
import platform
import sys

from PIL import Image

from triage.chamber.limits import ChamberLimits
from triage.chamber.parent import Chamber
from triage.chamber.seccomp import _ALLOW, _ERRNO, _JUMP_EQUAL, _LD_WORD, _RETURN, _Program, _step
from triage.domain.errors import Unavailable

NUMBERS = {
    "x86_64": {"unshare": 272, "landlock_create_ruleset": 444, "seccomp": 317, "capset": 126},
    "aarch64": {"unshare": 97, "landlock_create_ruleset": 444, "seccomp": 277, "capset": 91},
}


class Source:
    """A small picture."""

    def __init__(self) -> None:
        target = io.BytesIO()
        Image.linear_gradient("L").save(target, "PNG")
        self._data = target.getvalue()
        self.size = len(self._data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]

    def close(self) -> None:
        pass


def refuse(*names: str) -> None:
    """Bind this process and its children to a filter that knows only what it refuses."""
    machine = platform.machine()
    steps = _step(_LD_WORD, 0)
    for name in names:
        steps += _step(_JUMP_EQUAL, NUMBERS[machine][name], 0, 1) + _step(_RETURN, _ERRNO | errno.EPERM)
    steps += _step(_RETURN, _ALLOW)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)
    buffer = ctypes.create_string_buffer(steps, len(steps))
    program = _Program(len(steps) // 8, ctypes.cast(buffer, ctypes.c_char_p))
    assert libc.syscall(NUMBERS[machine]["seccomp"], 1, 0, ctypes.byref(program)) == 0


if __name__ == "__main__":
    if sys.argv[1:]:
        refuse(*sys.argv[1:])
    with Chamber(ChamberLimits(wall_seconds=60)) as chamber:
        layers = {layer.name: layer.active for layer in chamber.layers()}
        try:
            decoded = chamber.examine(Source()).raster is not None
            word = "decoded" if decoded else "noted"
        except Unavailable as refusal:
            word = refusal.code
    sys.stdout.write(json.dumps({"layers": layers, "picture": word}))
