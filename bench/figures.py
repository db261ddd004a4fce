"""Figures of a measurement with the peer's from the same run, for people (a table) and for machines (JSON)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, and the same thing measured for a peer in the same run.

    `goal` is what the design asks of `value`, in words ("at least 6 x the peer"), so that a row can be judged alone.
    """

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    goal: str | None = None

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's; None without a peer or against zero. Trust this more than the values."""
        return self.value / self.peer_value if self.peer_value else None


def machine() -> dict[str, str | int]:
    """What the figures were taken on: processor, usable cores, Python and kernel."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def report(bench: str, figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print the figures to standard output: one JSON object, or a table."""
    if as_json:
        json.dump(as_document(bench, figures), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    where = machine()
    table = Table(title=bench, caption=f"{where['cpu']}, {where['cores']} cores, Python {where['python']}")
    for heading in ("figure", "value", "unit", "peer", "peer's value", "ratio", "goal"):
        table.add_column(heading, justify="right" if heading in {"value", "peer's value", "ratio"} else "left")
    for figure in figures:
        table.add_row(
            figure.name,
            _number(figure.value),
            figure.unit,
            figure.peer or "",
            _number(figure.peer_value),
            "" if figure.ratio is None else f"{figure.ratio:.2f} x",
            figure.goal or "",
        )
    Console().print(table)


def as_document(bench: str, figures: Sequence[Figure]) -> dict[str, Any]:
    """The figures in the JSON shape that all benches share."""
    return {
        "bench": bench,
        "machine": machine(),
        "figures": [{**asdict(figure), "ratio": figure.ratio} for figure in figures],
    }


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with the two switches of every bench; add a bench's own to it before parsing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--quick", action="store_true", help="fewer and smaller inputs; a smoke test, not a measurement"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value and abs(value) < 0.01:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
