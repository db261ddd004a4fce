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
from triage.chamber.parent import Chamber
from triage.chamber.room import RenderingRoom
from triage.deploying import Folders, open_store, open_vault
from triage.domain.categories import Schemes
from triage.domain.errors import Refused
from triage.domain.exposure import ExposurePolicy
from triage.domain.match_policy import MatchPolicy
from triage.domain.review_rules import ReviewRules
from triage.rule_files import (
    load_exposure_policy,
    load_link_rules,
    load_match_policy,
    load_priority_rules,
    load_retention_rules,
    load_review_rules,
    load_schemes,
)
from triage.services.accessing import Accessing
from triage.services.admitting import Admitting
from triage.services.approving import Approving
from triage.services.auditing import Auditing
from triage.services.authorising import Authorising
from triage.services.backing_up import BackingUp
from triage.services.claiming import Claiming
from triage.services.clock import system_clock
from triage.services.coming_reports import Preparing
from triage.services.deciding import Deciding
from triage.services.enrolling import Enrolling
from triage.services.erasing import Erasing
from triage.services.examining import Examining
from triage.services.expanding import Expanding
from triage.services.exporting_media import ExportingMedia
from triage.services.exporting_sets import ExportingSets
from triage.services.exposing import Exposing
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
from triage.services.managing_people import ManagingPeople
from triage.services.matching import Matching
from triage.services.numbering_reports import NumberingReports
from triage.services.observing import Observing
from triage.services.one_time_codes import OneTimeCodes
from triage.services.owing import Owing
from triage.services.passkeying import Passkeying
from triage.services.passwords import Passwords
from triage.services.planning import Planning
from triage.services.preserving import Preserving
from triage.services.pruning import Pruning
from triage.services.pushing import Pushing
from triage.services.putting_in_force import PuttingInForce
from triage.services.receiving import Receiving
from triage.services.recording_sets import RecordingSets
from triage.services.referring import Referring
from triage.services.rematching import Rematching
from triage.services.reporting import Reporting
from triage.services.restoring import Restoring
from triage.services.retrying import Retrying
from triage.services.revealing import Revealing
from triage.services.sessioning import Sessioning
from triage.services.shelving import Shelf
from triage.services.sighting import Sighting
from triage.services.signing_in import SigningIn
from triage.services.signing_in_elsewhere import SigningInElsewhere
from triage.services.splitting import Splitting
from triage.services.taking_reports import TakingReports
from triage.services.taking_uploads import TakingUploads
from triage.services.telling_outcomes import TellingOutcomes
from triage.services.uploading import Uploading
from triage.settings import Settings, load_plugin_names
from triage.store.unit_of_work import Store
from triage.telemetry.logs import configure_logs
from triage.telemetry.traces import configure_traces, stop_traces
from triage.vault.keys import FileKeyProvider
from triage.vault.seam import Vault
from triage.vault.spool import Spools
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
    uploading: Uploading
    taking_uploads: TakingUploads
    pushing: Pushing
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
    claiming: Claiming
    deciding: Deciding
    revealing: Revealing
    exposing: Exposing
    telling_outcomes: TellingOutcomes
    rendering_room: RenderingRoom
    schemes: Schemes
    review_rules: ReviewRules
    exposure_policy: ExposurePolicy
    reporting: Reporting
    observing: Observing
    backing_up: BackingUp
    restoring: Restoring
    accessing: Accessing
    approving: Approving
    planning: Planning
    exporting_media: ExportingMedia
    erasing: Erasing
    splitting: Splitting
    sessioning: Sessioning
    signing_in: SigningIn
    signing_in_elsewhere: SigningInElsewhere
    passkeying: Passkeying
    enrolling: Enrolling
    managing_people: ManagingPeople
    pruning: Pruning
    chamber_limits: ChamberLimits
    stop: threading.Event

    def close(self) -> None:
        """End the chambers that show and sight, let go of the database, and send what is left of the trace."""
        self.rendering_room.close()
        self.taking_reports.preparing.sighting.close()
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
    keeping, spools = Keeping(vault), Spools(folders.spool, keys)
    uploading = Uploading(store, spools, settings.uploads, clock)
    owing = Owing(policy.provenance, clock, actor)
    shelf = Shelf(store, vault, folders.hash_sets) if settings.has_many_machines else None
    recording = RecordingSets(store, owing, shelf, clock, actor)
    library = Library.open(folders.hash_sets, formats=(*FORMATS, *_plugged_formats()), keeper=recording)
    matching = Matching(store, library, policy, clock, actor)
    knowing = Knowing(store, library, policy, clock, actor)
    rematching = Rematching(store, matching, settings.work, clock, actor)
    sessioning = Sessioning(store, settings.sign_in, clock)
    passwords, codes = Passwords(), OneTimeCodes(keys)
    passkeying = Passkeying(store, sessioning, clock)
    accessing, gatekeeping = Accessing(store, clock), Gatekeeping(store, clock)
    planning, priority = Planning(store, accessing, clock), load_priority_rules()
    review_rules, exposure_policy, schemes = load_review_rules(), load_exposure_policy(), load_schemes()
    schemes.scheme(review_rules.scheme)
    limits = _chamber_limits(settings, policy)
    room = RenderingRoom(limits)
    sighting = Sighting(lambda: Chamber(limits), settings.intake.unkept_max_bytes)
    configure_traces(settings.trace.endpoint, _version())
    return Application(
        settings=settings,
        store=store,
        vault=vault,
        library=library,
        admitting=Admitting(store, clock, actor, settings.intake.keeps_media),
        knowing=knowing,
        numbering_reports=NumberingReports(store),
        taking_reports=TakingReports(
            Preparing(store, Writers(vault), knowing, sighting),
            Preserving(load_retention_rules()),
            uploading,
            clock,
            actor,
        ),
        uploading=uploading,
        taking_uploads=TakingUploads(store, vault, spools, uploading.remembered, knowing, clock, actor, stop.is_set),
        pushing=Pushing(store, vault, uploading, clock, actor),
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
        referring=Referring(store, rules, priority, clock, actor),
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
        gatekeeping=gatekeeping,
        claiming=Claiming(store, accessing, review_rules, clock),
        deciding=Deciding(store, accessing, review_rules, schemes, clock),
        revealing=Revealing(
            store, accessing, gatekeeping, keeping, room, exposure_policy, review_rules.scheme, clock
        ),
        exposing=Exposing(store, accessing, review_rules, clock),
        telling_outcomes=TellingOutcomes(store, accessing, clock),
        rendering_room=room,
        schemes=schemes,
        review_rules=review_rules,
        exposure_policy=exposure_policy,
        observing=Observing(store, library, LogMirror(folders.witness), vault.check),
        backing_up=BackingUp(store, folders.vault, folders.hash_sets, keys.key_id, clock, actor),
        restoring=Restoring(
            store, LogMirror(folders.witness), lambda: LogMirror.create(folders.witness), clock, actor
        ),
        reporting=Reporting(store, library, policy, rules, clock, actor, _version()),
        accessing=accessing,
        approving=Approving(store, clock),
        planning=planning,
        exporting_media=ExportingMedia(
            store, accessing, planning, gatekeeping, keeping, schemes, review_rules.scheme, clock
        ),
        erasing=Erasing(store, accessing, planning, clock),
        splitting=Splitting(store, accessing, planning, rules, priority, clock),
        sessioning=sessioning,
        signing_in=SigningIn(store, sessioning, passwords, codes, clock),
        signing_in_elsewhere=SigningInElsewhere(store, sessioning, settings.oidc, clock),
        passkeying=passkeying,
        enrolling=Enrolling(store, sessioning, passwords, codes, passkeying, clock),
        managing_people=ManagingPeople(store, settings.sign_in, clock),
        pruning=Pruning(store, settings.keep, clock, actor, stop.is_set),
        chamber_limits=limits,
        stop=stop,
    )


def _chamber_limits(settings: Settings, policy: MatchPolicy) -> ChamberLimits:
    return ChamberLimits(
        wall_seconds=settings.chamber.wall_seconds,
        cpu_seconds=settings.chamber.cpu_seconds,
        memory_bytes=settings.chamber.memory_bytes,
        tasks=settings.chamber.recycle_after,
        examine=ExamineLimits(
            quality_floor=policy.quality_floor, little_information_from=policy.little_information_from
        ),
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
