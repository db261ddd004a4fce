"""The `triage` program: the command line, and `work`, which only this floor can do."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from triage.interfaces.cli import app, run
from triage.interfaces.cli.app import Json, opened
from triage.interfaces.cli.output import console, print_json, progress, table


@app.command()
def work(
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep going when nothing is owed, until interrupted.")
    ] = False,
    threads: Annotated[int, typer.Option(min=0, max=256, help="Worker threads; 0: one for each core.")] = 0,
    as_json: Json = False,
) -> None:
    """Work until nothing is owed: expand, examine, match, link, refer. Interrupt it at any moment; run it again."""
    from workers.embedded import Backlog  # noqa: PLC0415 - keeps `triage --help` quick
    from workers.embedded import work as work_embedded  # noqa: PLC0415 - keeps `triage --help` quick

    with opened() as application, progress("Working", quiet=as_json) as tell:

        def told(backlog: Backlog) -> None:
            done = backlog.items_total - backlog.items_pending
            tell(f"items, {backlog.jobs_owed} jobs owed", done, backlog.items_total)

        count = threads or application.settings.work.worker_threads
        done = work_embedded(application, count, told, follow=follow)
    if as_json:
        print_json(done)
    else:
        rows = [(stage, done.jobs[stage], f"{seconds:.1f}") for stage, seconds in done.seconds_by_stage.items()]
        out = console()
        out.print(table(f"Worked for {done.wall_seconds:.1f} s", ["stage", "jobs#", "seconds#"], rows))
        if done.stopped:
            out.print(f"Stopped; {done.backlog.jobs_owed:,} jobs are owed. Run `triage work` to go on.")
        else:
            out.print("Nothing is owed. See `triage referrals list`.")
    if done.stopped and not follow:
        raise KeyboardInterrupt


def main() -> None:
    """Entry of the `triage` console script."""
    sys.exit(run())
