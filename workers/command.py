"""What only this floor can do, added to the command line: `work`, `worker`, `relay`, `rematch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from triage.domain.jobs import Stage
from triage.interfaces.cli import app, run
from triage.interfaces.cli.app import Json, opened, settings
from triage.interfaces.cli.output import console, print_json, progress, table
from triage.interfaces.cli.rematches import MOST_RUNS, show_runs
from triage.telemetry.last_words import keep_last_words, tell_last
from triage.vault.private_memory import keep_private

if TYPE_CHECKING:
    from triage.bootstrap import Application
    from triage.domain.rematches import Rematch
    from workers.embedded import Backlog, Worked

__all__ = ["run"]

Threads = Annotated[int, typer.Option(min=0, max=256, help="Worker threads; 0: one for each core.")]


@app.command()
def work(
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep going when nothing is owed, until interrupted.")
    ] = False,
    threads: Threads = 0,
    as_json: Json = False,
) -> None:
    """Work until nothing is owed: expand, examine, match, match again, link, refer. Interrupt it; run it again."""
    with opened() as application:
        done = _worked(application, threads, quiet=as_json, follow=follow)
        again = _runs(application, 1) if done.jobs[Stage.REMATCH] else []
    if as_json:
        print_json(done)
    else:
        rows = [(stage, done.jobs[stage], f"{seconds:.1f}") for stage, seconds in done.seconds_by_stage.items()]
        out = console()
        out.print(table(f"Worked for {done.wall_seconds:.1f} s", ["stage", "jobs#", "seconds#"], rows))
        if again:
            show_runs(again, as_json=False)
        if done.stopped:
            out.print(f"Stopped; {done.backlog.jobs_owed:,} jobs are owed. Run `triage work` to go on.")
        else:
            out.print("Nothing is owed. See `triage referrals list`.")
    if done.stopped and not follow:
        raise KeyboardInterrupt


@app.command()
def worker(*, threads: Threads = 0, as_json: Json = False) -> None:
    """Work for all relays, until told to stop: one of any number of processes, on any number of machines.

    Needs queue.url. The database or Redis away: it says so, waits, and goes on.
    """
    from workers.signals import stopping_on_signals  # noqa: PLC0415 - keeps `triage --help` quick
    from workers.standing import work_for_others  # noqa: PLC0415 - keeps `triage --help` quick

    chosen = settings()
    with stopping_on_signals() as stopping:
        done = work_for_others(chosen, threads or chosen.work.worker_threads, stopping)
    if as_json:
        print_json({"jobs": done})


@app.command()
def relay(*, as_json: Json = False) -> None:
    """Ring for jobs that may start, until told to stop: one or more, on any machine. Needs queue.url."""
    from workers.signals import stopping_on_signals  # noqa: PLC0415 - keeps `triage --help` quick
    from workers.standing import relay_for_others  # noqa: PLC0415 - keeps `triage --help` quick

    chosen = settings()
    with stopping_on_signals() as stopping:
        rung = relay_for_others(chosen, stopping)
    if as_json:
        print_json({"doorbells": rung})


@app.command()
def rematch(
    *,
    listed: Annotated[
        bool, typer.Option("--list", help="Only list earlier re-matches and what they changed.")
    ] = False,
    threads: Threads = 0,
    as_json: Json = False,
) -> None:
    """Match again what was answered before sets, states or the policy changed, and work until nothing is owed.

    Only stored values are compared; no evidence is opened. Interrupt it at any moment; run it again.
    """
    with opened() as application:
        if listed:
            show_runs(_runs(application, MOST_RUNS), as_json=as_json)
            return
        run_id = application.rematching.notice("asked for", insist=True)
        done = _worked(application, threads, quiet=as_json) if run_id else None
        found = [run for run in _runs(application, 1) if run_id]
    if found or as_json:
        show_runs(found, as_json=as_json)
    else:
        console().print("Nothing to do: every answer rests on what is in force.")
    if done and done.stopped:
        raise KeyboardInterrupt


def _worked(application: Application, threads: int, *, quiet: bool, follow: bool = False) -> Worked:
    from workers.embedded import work as work_embedded  # noqa: PLC0415 - keeps `triage --help` quick
    from workers.signals import stopping_on_signals  # noqa: PLC0415 - keeps `triage --help` quick

    with stopping_on_signals(application.stop), progress("Working", quiet=quiet) as tell:

        def told(backlog: Backlog) -> None:
            done = backlog.items_total - backlog.items_pending
            again = f", {backlog.rematch_jobs_owed} of them to match again" if backlog.rematch_jobs_owed else ""
            tell(f"items, {backlog.jobs_owed} jobs owed{again}", done, backlog.items_total)

        count = threads or application.settings.work.worker_threads
        return work_embedded(application, count, told, follow=follow)


def _runs(application: Application, limit: int) -> list[Rematch]:
    with application.store.reading() as unit:
        return unit.rematches.all(limit)


def obey() -> int:
    """Do what the command line says, with this process's memory kept to itself; the exit status."""
    keep_private()
    keep_last_words()
    try:
        return run()
    except Exception as error:  # noqa: BLE001 - Typer puts a hook of its own in place of ours, which prints messages
        tell_last(error)
        return 1
