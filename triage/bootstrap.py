"""The one place that chooses adapters: reads settings, opens what they name, returns a frozen set of services."""

from __future__ import annotations

import getpass
import importlib.metadata
import threading
from dataclasses import dataclass

from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS, Format
from hashsets.library import Library
from hashsets.plugins import plugged_formats
from triage.chamber.limits import ChamberLimits, ExamineLimits
from triage.deploying import Folders, open_store, open_vault
from triage.domain.errors import Refused
from triage.services.admitting import Admitting
from triage.services.auditing import Auditing
from triage.services.authorising import Authorising
from triage.services.backing_up import BackingUp
from triage.services.clock import system_clock
from triage.services.coming_reports import Preparing
from triage.services.examining import Examining
from triage.services.expanding import Expanding
from triage.services.exporting_sets import ExportingSets
from triage.services.gatekeeping import Gatekeeping
from triage.services.giving_up import GivingUp
from triage.services.hurrying import Hurrying
from triage.services.importing import Importing
from triage.services.joining import Joining
from triage.services.judging_entries import JudgingEntries
from triage.services.keeping import Keeping
from triage.services.knowing import Knowing
from triage.services.lending_writers import Writers
from triage.services.linking import Linking
from triage.services.look_alikes import LookAlikeMemory
from triage.services.looking_up import LookingUp
from triage.services.matching import Matching
from triage.services.numbering_reports import NumberingReports
from triage.services.observing import Observing
from triage.services.owing import Owing
from triage.services.preserving import Preserving
from triage.services.putting_in_force import PuttingInForce
from triage.services.receiving import Receiving
from triage.services.recording_sets import RecordingSets
from triage.services.referring import Referring
from triage.services.rematching import Rematching
from triage.services.reporting import Reporting
from triage.services.restoring import Restoring
from triage.services.retrying import Retrying
from triage.services.shelving import Shelf
from triage.services.taking_reports import TakingReports
from triage.settings import (
    Settings,
    load_link_rules,
    load_match_policy,
    load_plugin_names,
    load_priority_rules,
    load_retention_rules,
)
from triage.store.unit_of_work import Store
from triage.telemetry.logs import configure_logs
from triage.telemetry.traces import configure_traces, stop_traces
from triage.vault.keys import FileKeyProvider
from triage.vault.seam import Vault
from triage.vault.witness import LogMirror


@dataclass(frozen=True)
class Application:
    """All services of one deployment, opened together."""

    settings: Settings
    store: Store
    vault: Vault
    library: Library
    admitting: Admitting
    knowing: Knowing
    taking_reports: TakingReports
    numbering_reports: NumberingReports
    receiving: Receiving
    expanding: Expanding
    examining: Examining
    matching: Matching
    rematching: Rematching
    linking: Linking
    referring: Referring
    giving_up: GivingUp
    retrying: Retrying
    hurrying: Hurrying
    importing: Importing
    putting_in_force: PuttingInForce
    judging_entries: JudgingEntries
    exporting_sets: ExportingSets
    looking_up: LookingUp
    auditing: Auditing
    joining: Joining
    authorising: Authorising
    gatekeeping: Gatekeeping
    reporting: Reporting
    observing: Observing
    backing_up: BackingUp
    restoring: Restoring
    chamber_limits: ChamberLimits
    stop: threading.Event

    def close(self) -> None:
        """Let go of the database, and send what is left of the trace."""
        self.taking_reports.preparing.writers.close()
        self.store.close()
        stop_traces()


def open_application(settings: Settings) -> Application:
    """Open an existing deployment.

    Raises Refused (`not-initialised`, `keys-elsewhere`, `other-deployment`, `schema-version`), Unavailable, Tampered.
    """
    configure_logs(settings.log.format, settings.log.level)
    folders = Folders.of(settings)
    store = open_store(settings)
    clock, actor, stop = system_clock, f"{getpass.getuser()}@triage", threading.Event()
    policy, rules = load_match_policy(), load_link_rules()
    keys = FileKeyProvider(folders.vault_key)
    vault = open_vault(settings, folders)
    keeping = Keeping(vault)
    owing = Owing(policy.provenance, clock, actor)
    shelf = Shelf(store, vault, folders.hash_sets) if settings.has_many_machines else None
    recording = RecordingSets(store, owing, shelf, clock, actor)
    library = Library.open(folders.hash_sets, formats=(*FORMATS, *_plugged_formats()), keeper=recording)
    matching = Matching(store, library, policy, clock, actor)
    knowing = Knowing(store, library, policy)
    rematching = Rematching(store, matching, settings.work, clock, actor)
    configure_traces(settings.trace.endpoint, _version())
    return Application(
        settings=settings,
        store=store,
        vault=vault,
        library=library,
        admitting=Admitting(store, clock, actor),
        knowing=knowing,
        numbering_reports=NumberingReports(store),
        taking_reports=TakingReports(
            Preparing(store, Writers(vault), knowing), Preserving(load_retention_rules()), clock, actor
        ),
        receiving=Receiving(store, vault, settings.receive, clock, actor),
        expanding=Expanding(
            store, vault, keeping, settings.archives, settings.receive, settings.work, clock, actor, stop.is_set
        ),
        examining=Examining(
            store, keeping, settings.work, clock, actor, stop.is_set, luma_first=settings.examine.luma_first
        ),
        matching=matching,
        rematching=rematching,
        linking=Linking(store, LookAlikeMemory(), policy, rules, settings.work, clock, actor),
        referring=Referring(store, rules, load_priority_rules(), clock, actor),
        giving_up=GivingUp(store, settings.work, clock, actor),
        retrying=Retrying(store, owing, clock, actor),
        hurrying=Hurrying(store, clock, actor),
        importing=Importing(library, shelf),
        putting_in_force=PuttingInForce(library),
        judging_entries=JudgingEntries(library, actor),
        exporting_sets=ExportingSets(library, recording),
        looking_up=LookingUp(library, policy),
        auditing=Auditing(store, vault, keeping, library, LogMirror(folders.witness), clock, actor),
        joining=Joining(store, library, shelf, clock, actor),
        authorising=Authorising(store, clock, actor),
        gatekeeping=Gatekeeping(store, clock),
        observing=Observing(store, library, LogMirror(folders.witness), vault.check),
        backing_up=BackingUp(store, folders.vault, folders.hash_sets, keys.key_id, clock, actor),
        restoring=Restoring(
            store, LogMirror(folders.witness), lambda: LogMirror.create(folders.witness), clock, actor
        ),
        reporting=Reporting(store, library, policy, rules, clock, actor, _version()),
        chamber_limits=ChamberLimits(
            wall_seconds=settings.chamber.wall_seconds,
            cpu_seconds=settings.chamber.cpu_seconds,
            memory_bytes=settings.chamber.memory_bytes,
            tasks=settings.chamber.recycle_after,
            examine=ExamineLimits(
                quality_floor=policy.quality_floor, little_information_from=policy.little_information_from
            ),
        ),
        stop=stop,
    )


def _version() -> str:
    try:
        return importlib.metadata.version("triage-pipeline")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "from source"


def _plugged_formats() -> tuple[Format, ...]:
    try:
        return plugged_formats(load_plugin_names().formats)
    except HashSetError as error:
        raise Refused(error.code, f"Plug-ins: {error.sentence}.") from error
