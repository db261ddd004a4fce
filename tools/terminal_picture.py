"""Draws what the demo really prints: `python -m tools.terminal_picture [FONT]` writes docs/images/terminal.png.

FONT is a TrueType file with letters of one width; beside it lies its bold one, named …-Bold.ttf.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs/images/terminal.png"
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
SIZE, LINE, MARGIN, COLUMNS = 12, 16, 14, 160
PAPER, INK = (41, 41, 41), (216, 216, 216)


def main(font: str = FONT) -> None:
    """Run the demo and draw its lines."""
    with tempfile.TemporaryDirectory() as folder:
        printed = _printed(Path(folder) / "demo-data").replace(folder, "/work")
    console = Console(width=COLUMNS)
    lines = [
        line for text in printed.splitlines() for line in Text.from_ansi(text).wrap(console, COLUMNS) or [Text()]
    ]
    plain, bold = (ImageFont.truetype(name, SIZE) for name in (font, font.replace(".ttf", "-Bold.ttf")))
    step = plain.getlength("m")
    size = int(2 * MARGIN + COLUMNS * step), 2 * MARGIN + LINE * (len(lines) + 1)
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate((Text("$ ./run demo"), *lines)):
        for column, letter, is_bold in _letters(line):
            place = MARGIN + column * step, MARGIN + row * LINE
            draw.text(place, letter, fill=INK, font=bold if is_bold else plain)
    picture.quantize(32).save(PICTURE, optimize=True)


def _printed(folder: Path) -> str:
    """What the demo says where there is no terminal, but with bold letters. Raises CalledProcessError."""
    command = [sys.executable, "-m", "demo", "--folder", str(folder)]
    environment = {**os.environ, "FORCE_COLOR": "1", "TTY_INTERACTIVE": "0"}
    ran = subprocess.run(  # noqa: S603 - our own program
        command, env=environment, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return ran.stdout


def _letters(line: Text) -> Iterator[tuple[int, str, bool]]:
    bold = {place for span in line.spans if "bold" in str(span.style) for place in range(span.start, span.end)}
    for column, letter in enumerate(line.plain):
        yield column, letter, column in bold


if __name__ == "__main__":
    main(*sys.argv[1:])
