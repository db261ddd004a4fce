"""`python -m hashsets.conformance package.module:object --seam format|algorithm|index|exact-index`.

Goes through all promises of a seam and prints each. Exit status 0 when all are kept, 1 when one is not, 2 when there
is nothing to check. A format needs `--sample`, a file in it with at least one entry.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hashsets.conformance.algorithms import algorithm_checks
from hashsets.conformance.checks import Check, Verdict, verdicts
from hashsets.conformance.exact_index import exact_index_checks
from hashsets.conformance.formats import format_checks, seems_text, spooled
from hashsets.conformance.radius_index import radius_index_checks
from hashsets.formats.detect import Format

SEAMS = ("format", "algorithm", "index", "exact-index")
KEPT, BROKEN, NOTHING_TO_CHECK = 0, 1, 2


class _NothingToCheckError(Exception):
    """What was named is not there, or not of the seam."""


def main(words: Sequence[str] | None = None) -> int:
    """Check and print; returns the exit status."""
    options = _arguments().parse_args(words)
    try:
        checks = _checks(options.seam, _object(options.object), options.sample)
    except _NothingToCheckError as error:
        sys.stderr.write(f"{error}\n")
        return NOTHING_TO_CHECK
    found = list(verdicts(checks))
    faults = sum(verdict.fault is not None for verdict in found)
    if options.json:
        sys.stdout.write(json.dumps(_document(options, found), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(_lines(found))
        sys.stdout.write(f"{len(found) - faults} of {len(found)} promises are kept.\n")
    return BROKEN if faults else KEPT


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hashsets.conformance", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument("object", metavar="package.module:object", help="what is to be checked")
    parser.add_argument("--seam", choices=SEAMS, required=True, help="what it is")
    parser.add_argument("--sample", type=Path, help="a file in the format")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _object(name: str) -> Any:
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for step in path.split("."):
            found = getattr(found, step)
    except Exception as error:
        raise _NothingToCheckError(f"{name} does not load: {type(error).__name__}: {error}") from error
    return found


def _checks(seam: str, found: Any, sample: Path | None) -> Iterable[Check]:
    if seam == "algorithm":
        return algorithm_checks(found() if isinstance(found, type) else found)
    if seam == "index":
        return radius_index_checks(found)
    if seam == "exact-index":
        return exact_index_checks(found)
    if not isinstance(found, Format) or (found.read_stream is None) == (found.read_path is None):
        raise _NothingToCheckError("the object is no Format with one reader")
    if sample is None or not sample.is_file():
        raise _NothingToCheckError("a format is checked with --sample, a file in it")
    content = sample.read_bytes()
    reader = found.read_stream or (found.read_path and spooled(found.read_path))
    assert reader
    return format_checks(reader, content, is_text=seems_text(content))


def _document(options: argparse.Namespace, found: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "object": options.object,
        "seam": options.seam,
        "conforms": not any(verdict.fault for verdict in found),
        "promises": [{"promise": verdict.promise, "fault": verdict.fault} for verdict in found],
    }


def _lines(found: Iterable[Verdict]) -> Iterable[str]:
    for verdict in found:
        yield f"kept    {verdict.promise}\n" if verdict.fault is None else f"BROKEN  {verdict.promise}\n"
        if verdict.fault is not None:
            yield f"        {verdict.fault}\n"


if __name__ == "__main__":
    sys.exit(main())
