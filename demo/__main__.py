"""`./run demo`: a made-up, benign seizure goes in, prioritised referrals come out, and every count is checked."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from demo import provider
from demo.hash_sets import HashSetFiles, make_hash_sets
from demo.later import Later, known_to_all, learn, make_later, what_changed
from demo.samples import make_seizure
from demo.serving import Guest, invite, serve_pages
from demo.truth import SeizureTruth, count_outcomes
from hashsets.terms import Terms
from hashsets.vocabulary import SetKind
from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.domain.errors import TriageError
from triage.domain.submissions import Delivery
from triage.interfaces.cli.output import Teller, console, print_json, progress, reasons_text, table
from triage.services.clock import system_clock
from triage.services.referral_pages import referral_page
from triage.settings import load_settings
from workers.embedded import Backlog, work

FOLDER = Path("demo-data")

T = TypeVar("T")


@dataclass
class Demo:
    """One run: where it lives, and what has been learnt on the way."""

    folder: Path
    as_json: bool
    seconds: dict[str, float] = field(default_factory=dict)
    guests: list[Guest] = field(default_factory=list)

    def step(self, name: str, title: str, act: Callable[[Teller], T]) -> T:
        """Run one step under a progress bar and keep its time."""
        started = time.monotonic()
        with progress(title, quiet=self.as_json) as tell:
            result = act(tell)
        self.seconds[name] = round(time.monotonic() - started, 2)
        return result


def main() -> int:
    """Run the demo; exit status 0 only when every count is as made."""
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the facts for machines")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="made anew at each run (default: demo-data)")
    parser.add_argument(
        "--port", type=int, default=8470, help="where the pages are served at the end; 0: any free port"
    )
    parser.add_argument("--no-pages", action="store_true", help="end without serving the pages")
    options = parser.parse_args()
    demo = Demo(options.folder.absolute(), options.json)
    try:
        facts = run(demo)
    except TriageError as error:
        sys.stderr.write(f"demo: {error.sentence} [{error.code}]\n")
        return error.exit_code
    if demo.as_json:
        print_json(facts)
    else:
        show(facts)
    if facts["as_expected"] and not (demo.as_json or options.no_pages):
        serve_pages(load_settings(data=demo.folder / "deployment"), demo.guests, options.port)
    return 0 if facts["as_expected"] else 1


def run(demo: Demo) -> dict[str, Any]:
    """Make the samples, run the pipeline on them, and gather what came out."""
    _clear(demo.folder)
    truth, sets, later = demo.step("samples", "Making a made-up seizure", lambda tell: _make(demo.folder, tell))
    settings = load_settings(data=demo.folder / "deployment")
    initialise(settings)
    application = open_application(settings)
    try:
        demo.step("import", "Importing hash sets", lambda tell: _import(application, sets, tell))
        submissions = demo.step("receive", "Receiving", lambda tell: _receive(application, truth, tell))
        cost = demo.step("work", "Working", lambda tell: _work(application, tell))
        facts = _facts(application, truth, submissions)
        demo.step("learn", "Learning what a set retracts and adds", lambda _tell: learn(application, later))
        demo.step("rematch", "Matching again", lambda tell: _work(application, tell))
        changed = what_changed(application, later, list(submissions.values()))
        door = demo.step(
            "provider", "A provider reports", lambda _tell: provider.report(application, known_to_all(truth))
        )
        demo.step("answers", "Answering it", lambda tell: _work(application, tell))
        told = _reported(door, provider.what_it_led_to(application))
        report = demo.step(
            "report", "Writing the reports", lambda _tell: _report(application, submissions, demo.folder)
        )
        audit = demo.step("audit", "Auditing", lambda _tell: application.auditing.audit())
        demo.guests = invite(application)
        later_checks = {
            "what became known later": changed["as_expected"],
            "what a provider reported": told["as_expected"],
        }
        return facts | {
            "as_expected": facts["as_expected"] and all(later_checks.values()) and audit.is_clean,
            "checks": facts["checks"] | later_checks,
            "provider": told,
            "later": changed,
            "reports": report,
            "audit": {"clean": audit.is_clean, "log_records": audit.log_size, "items": audit.items},
            "cost": cost,
            "seconds": demo.seconds,
            "data": str(demo.folder / "deployment"),
        }
    finally:
        application.close()


def _clear(folder: Path) -> None:
    """Remove an earlier run; a folder that is not ours stays."""
    if folder.exists():
        if not (folder / ".triage-demo").exists() and any(folder.iterdir()):
            sys.exit(f"demo: {folder} holds something else; choose another --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / ".triage-demo").touch()


def _make(folder: Path, tell: Teller) -> tuple[SeizureTruth, HashSetFiles, Later]:
    tell("exhibits of noise, shapes and gradients", 0, None)
    newest = datetime.now().replace(microsecond=0) - timedelta(days=3)  # noqa: DTZ005 - a camera's wall clock
    truth = make_seizure(folder / "seizure", latest=newest)
    tell("hash sets", 0, None)
    return truth, make_hash_sets(folder / "hashsets", truth), make_later(folder / "hashsets", truth)


def _import(application: Application, sets: HashSetFiles, tell: Teller) -> None:
    for number, (path, name, kind) in enumerate(
        (
            (sets.vics, "synthetic-known", SetKind.KNOWN),
            (sets.pdq_list, "synthetic-near", SetKind.KNOWN),
            (sets.known_good, "synthetic-known-good", SetKind.KNOWN_GOOD),
        ),
        start=1,
    ):
        application.importing.import_file(
            path, name=name, kind=kind, source="made by the demo", terms=Terms("synthetic")
        )
        tell(name, number, 3)


def _receive(application: Application, truth: SeizureTruth, tell: Teller) -> dict[str, int]:
    submissions = {}
    total, before = sum(exhibit.on_disk for exhibit in truth.exhibits), 0
    for exhibit in truth.exhibits:
        source = os.fsencode(exhibit.folder.resolve())
        delivery = Delivery(exhibit.case, exhibit.exhibit, exhibit.basis, source, may_share_with=("TH",))
        receipt = application.receiving.receive(
            delivery,
            lambda done, before=before: tell("files", before + done.files, total),  # type: ignore[misc]
        )
        before += exhibit.on_disk
        submissions[exhibit.letter] = receipt.submission.id
    return submissions


def _work(application: Application, tell: Teller) -> dict[str, Any]:
    def told(backlog: Backlog) -> None:
        tell("items", backlog.items_total - backlog.items_pending, backlog.items_total)

    done = work(application, application.settings.work.worker_threads, told)
    return {
        "wall_seconds": done.wall_seconds,
        "cpu_seconds": done.cpu_seconds,
    }


def _report(application: Application, submissions: dict[str, int], folder: Path) -> dict[str, str]:
    reports = {}
    for submission_id in submissions.values():
        path = folder / f"report-S-{submission_id}.html"
        path.write_bytes(application.reporting.report(submission_id))
        reports[f"S-{submission_id}"] = str(path)
    return reports


def _reported(door: dict[str, Any], led_to: dict[str, Any]) -> dict[str, Any]:
    """Known at the door by its digest alone; two pictures of which one was opened by nobody; a clock that runs."""
    as_made = (
        door["known_at_the_door"] == ["known", "not-known", "not-known"]
        and led_to["outcomes"] == {"known": 1, "unknown": 2}
        and led_to["do_not_render"] == 1
        and led_to["evidence_until"] is not None
    )
    return {**door, **led_to, "as_expected": as_made}


def _facts(application: Application, truth: SeizureTruth, submissions: dict[str, int]) -> dict[str, Any]:
    releases = application.library.releases()
    with application.store.reading() as unit:
        found = {letter: unit.read.status(number) for letter, number in submissions.items()}
        together = unit.read.outcomes(list(submissions.values()))
        referrals = [
            referral_page(unit, row.id, application.linking.rules, releases, limit=5, now=system_clock())
            for row in unit.referral_pages.referrals()
        ]
    letters = {f"S-{number}": letter for letter, number in submissions.items()}
    networks = {frozenset(letters[one] for one in page.submissions) for page in referrals}
    expected = {outcome.value: count for outcome, count in truth.outcomes.items() if count}
    checks = {
        "outcomes": together.outcomes == expected,
        "occurrences": all(found[exhibit.letter].occurrences == exhibit.occurrences for exhibit in truth.exhibits),
        "outcomes by exhibit": all(
            Counter(found[exhibit.letter].outcomes)
            == Counter({key.value: count for key, count in count_outcomes(exhibit.files).items()})
            for exhibit in truth.exhibits
        ),
        "one network, one referral": networks == set(truth.referrals),
    }
    return {
        "as_expected": all(checks.values()),
        "checks": checks,
        "files": sum(exhibit.on_disk for exhibit in truth.exhibits),
        "occurrences": sum(status.occurrences for status in found.values()),
        "items": sum(together.outcomes.values()),
        "outcomes": together.outcomes,
        "expected_outcomes": expected,
        "closed_without_viewing": together.closed,
        "processing_notes": together.notes,
        "pictures_shown": 0,
        "submissions": {f"S-{number}": letter for letter, number in submissions.items()},
        "referrals": [json.loads(json.dumps(_short(page), default=str)) for page in referrals],
    }


def _short(page: Any) -> dict[str, Any]:
    return {
        "referral": page.referral,
        "submissions": page.submissions,
        "priority": page.priority,
        "reasons": page.reasons,
        "joined_because": [join["because"] for join in page.joins],
        "outcomes": page.outcomes,
    }


def show(facts: dict[str, Any]) -> None:
    """The summary for a person."""
    out = console()
    rows = [
        (name, count, facts["expected_outcomes"].get(name, 0)) for name, count in sorted(facts["outcomes"].items())
    ]
    out.print()
    out.print(table("What became of the items", ["answer", "items#", "as made#"], rows))
    out.print(
        f"\n{facts['files']:,} files, {facts['occurrences']:,} occurrences, {facts['items']:,} distinct items; "
        f"{facts['closed_without_viewing']:,} closed without viewing; 0 pictures shown to anybody.\n"
    )
    for referral in facts["referrals"]:
        axes = " · ".join(f"{name} {level}" for name, level in referral["priority"].items())
        joined = "".join(f"\n  one network: {because}" for because in referral["joined_because"])
        out.print(f"{referral['referral']}  {', '.join(referral['submissions'])}  ({axes}){joined}", style="bold")
        out.print(f"  {reasons_text(referral['reasons'][:4])}\n".replace("\n", "\n  ").rstrip() + "\n")
    later = facts["later"]
    out.print(
        f"Then a set changed and another contradicted it; matched again, nothing opened: {later['said']} "
        f"({later['retracted_matches']:,} matches retracted), told in {', '.join(later['referrals_told'])}; "
        f"{later['disputed']:,} disputed, shown in {', '.join(later['disputed_in'])}.\n"
    )
    told = facts["provider"]
    out.print(
        f"Then a provider reported three files ({told['submission']}, {told['referral']}): one known at the door by "
        f"its digest, {told['do_not_render']} not to be shown before an authority is recorded; evidence elsewhere "
        f"may be gone from {told['evidence_until']}.\n"
    )
    audit = facts["audit"]
    state = "clean" if audit["clean"] else "NOT CLEAN"
    out.print(f"Audit: {state}; {audit['log_records']:,} custody records, {audit['items']:,} items re-hashed.")
    for failed in (name for name, holds in facts["checks"].items() if not holds):
        out.print(f"Not as made: {failed}", style="bold red")
    out.print("\nReports to open:")
    for path in facts["reports"].values():
        out.print(f"  {Path(path).as_uri()}")
    out.print(f"\nLook around: ./run triage --data {facts['data']} referrals show R-1")


if __name__ == "__main__":
    sys.exit(main())
