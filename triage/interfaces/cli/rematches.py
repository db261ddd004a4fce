"""How re-matches are shown: what each was asked for, and what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triage.domain.rematches import in_words

from .output import console, print_json, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from triage.domain.rematches import Comparison, Rematch

MOST_RUNS = 100


def show_runs(runs: Sequence[Rematch], *, as_json: bool) -> None:
    """Runs, newest first, on standard output."""
    if as_json:
        print_json([_document(run) for run in runs])
        return
    columns = ["", "since", "because", "items#", "changed", "matches added#", "retracted#"]
    console().print(table("Matched again", columns, [_row(run) for run in runs]))


def _document(run: Rematch) -> dict[str, object]:
    return {
        "rematch": f"M-{run.id}",
        "because": run.because,
        "before": _asked(run.before) if run.before else None,
        "after": _asked(run.after),
        "items": run.items,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "result": run.result,
    }


def _asked(comparison: Comparison) -> dict[str, str]:
    return {"policy": comparison.policy, "releases": comparison.releases}


def _row(run: Rematch) -> tuple[object, ...]:
    since, because = f"{run.started_at:%Y-%m-%d %H:%M}", ", ".join(run.because)
    if not run.result:
        return f"M-{run.id}", since, because, run.items, "not finished", None, None
    changed = in_words(run.result.changes)
    return f"M-{run.id}", since, because, run.items, changed, run.result.added, run.result.retracted
