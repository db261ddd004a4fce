"""Where kernels run: in a read-only installation, and in a chamber without a file system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hashsets.algorithms import imagehash_family, pdq

ROOT = Path(__file__).resolve().parents[3]

SEALED = """
import sys
import numpy as np
from hashsets.algorithms import imagehash_family, pdq

pdq.warm_up()
imagehash_family.warm_up()

def refuse(event, arguments):
    if event in {"open", "import", "compile", "exec"} or event.startswith(("os.", "glob.", "tempfile.", "ctypes.")):
        raise RuntimeError(event)

sys.addaudithook(refuse)
for shape in [(5, 5), (64, 64, 3), (300, 200), (513, 600, 3), (900, 100, 3), (900, 100), (1, 1, 3)]:
    for fill in (0, 200):
        raster = np.full(shape, fill, np.uint8)
        raster[::2] += np.uint8(3)
        frozen = np.frombuffer(raster.tobytes(), np.uint8).reshape(shape)
        for picture in (raster, frozen):
            pdq.pdq_both(picture)
            imagehash_family.phash_and_dhash(picture)
sys.stdout.write("sealed")
"""

READ_ONLY = """
import sys
sys.path.insert(0, sys.argv[1])
import halving
assert halving.half(8.0) == 4.0
sys.stdout.write("compiled")
"""

HALVING = """
from hashsets.compiling import exact_kernel

@exact_kernel
def half(value):
    return value / 2.0
"""


def _python(program: str, *arguments: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=110,
    ).stdout


def test_after_warming_up_nothing_touches_the_file_system() -> None:
    """The chamber closes the file system once the kernels are loaded; every form of raster must still work."""
    pdq.warm_up()  # so that the other process finds machine code on disk and is quick
    imagehash_family.warm_up()
    assert _python(SEALED) == "sealed"


def test_an_installation_without_a_writable_place_still_compiles(tmp_path: Path) -> None:
    """Numba refuses to cache there; the kernel then lives in the process alone."""
    (tmp_path / "halving.py").write_text(HALVING)
    (tmp_path / "__pycache__").write_text("in the way")
    closed = tmp_path / "closed"
    closed.write_text("in the way")
    environment = {"HOME": str(closed), "XDG_CACHE_HOME": str(closed), "NUMBA_CACHE_DIR": ""}
    assert _python(READ_ONLY, str(tmp_path), **environment) == "compiled"
