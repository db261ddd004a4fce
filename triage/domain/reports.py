"""A report from a provider or hotline: what it says of an incident, of people and of files, and its states.

Every door (API, the CyberTip shape, files of police units) makes these values; nothing below a door knows its format.
All of it is what the sender says, and hostile until it is checked: texts are bounded, and never interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from hashsets.vocabulary import Digest, Fingerprint
from triage.domain.errors import Conflict


class Door(StrEnum):
    """Where a report came in."""

    API = "api"
    ISPWS = "ispws"  # the shape of NCMEC's CyberTipline Reporting API
    CYBERTIP_FILE = "cybertip-file"  # what police units receive


class IncidentType(StrEnum):
    """What is reported, in neutral words; each door maps its own. `priority.toml` names the same words."""

    MATERIAL = "material"  # possession, making or passing on
    TRAFFICKING = "trafficking"
    TRAVEL = "travel"
    CONTACT_ABUSE = "contact-abuse"
    MISLEADING_DOMAIN = "misleading-domain"
    MISLEADING_WORDS = "misleading-words"
    ENTICEMENT = "enticement"
    UNSOLICITED = "unsolicited"
    SEXTORTION = "sextortion"
    SOLICITATION = "solicitation"
    BETWEEN_MINORS = "between-minors"
    LIVE_STREAM = "live-stream"
    SADISTIC = "sadistic"
    SPAM = "spam"


class Role(StrEnum):
    """Whom a party is to the incident."""

    SUBJECT = "subject"
    RECIPIENT = "recipient"
    CHILD = "child"
    REPORTER = "reporter"


class IdentifierKind(StrEnum):
    """What points to a person, an account, a device or a place on the network."""

    ACCOUNT = "account"
    SCREEN_NAME = "screen-name"
    DISPLAY_NAME = "display-name"
    NAME = "name"
    BIRTH_DATE = "birth-date"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    IP = "ip"
    DEVICE = "device"
    PROFILE_URL = "profile-url"
    GROUP = "group"


class Viewed(StrEnum):
    """Whether a person at the sender opened the file. Where nothing is said, nobody knows."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def least_viewed(one: Viewed | None, other: Viewed | None) -> Viewed | None:
    """Of two things that a sender says of the same place, the one that opens less."""
    order = (Viewed.NO, Viewed.UNKNOWN, None, Viewed.YES)
    return min(one, other, key=order.index)


class Relevance(StrEnum):
    """Whether a file is what the report is about, or came along."""

    REPORTED = "reported"
    SUPPLEMENTAL = "supplemental"


class FileMark(StrEnum):
    """What the sender marks a file as."""

    MEME = "meme"
    VIRAL = "viral"
    GENERATED = "generated"
    DRAWN = "drawn"
    SELF_PRODUCED = "self-produced"
    HARM = "harm"
    VIOLENCE = "violence"
    ANIMAL = "animal"
    LIVE_STREAM = "live-stream"
    INFANT = "infant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One value that points somewhere. `service` says whose account, `scheme` which sort of device id.

    `at` is when it was seen, aware; an IP address without port and time rarely finds anyone.
    """

    kind: IdentifierKind
    value: str
    service: str = ""
    scheme: str = ""
    event: str = ""  # upload, login, registration, purchase, other
    at: datetime | None = None
    port: int | None = None
    country: str = ""
    possible_proxy: bool | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A person or account of the incident, by its identifiers."""

    role: Role
    identifiers: tuple[Identifier, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What happened. `at` is aware; `types` is not empty."""

    types: tuple[IncidentType, ...]
    at: datetime | None
    platform: str = ""
    escalated: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """All that a report says beside its files. `urls` are recorded and never fetched."""

    incident: Incident
    parties: tuple[Party, ...] = ()
    urls: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """All that a report says of one file. `name` is evidence: shown on pages of facts, never in logs or errors.

    `classification` is the sender's own, with its scheme (`ncmec:A1`); ours is a person's to make.
    """

    name: str = ""
    viewed: Viewed = Viewed.UNKNOWN
    metadata_viewed: Viewed = Viewed.UNKNOWN
    publicly_available: bool | None = None
    relevance: Relevance = Relevance.REPORTED
    classification: str = ""
    marks: tuple[FileMark, ...] = ()
    uploaded_at: datetime | None = None
    url: str = ""
    digests: tuple[Digest, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    details: tuple[tuple[str, str], ...] = ()  # name and value pairs, as the sender read them from the file
    note: str = ""


class ReportState(StrEnum):
    """Open while files may still come; the other three are final."""

    OPEN = "open"
    FINISHED = "finished"
    RETRACTED = "retracted"
    EXPIRED = "expired"


OPEN_FOR, IDLE_FOR = timedelta(hours=24), timedelta(hours=1)
"""An unfinished report is dropped this long after it was opened, or after its last change, whichever is later."""

_FINAL_CODES: Mapping[ReportState, str] = {
    ReportState.FINISHED: "report-finished",
    ReportState.RETRACTED: "report-retracted",
    ReportState.EXPIRED: "report-expired",
}


def expires_at(opened_at: datetime, changed_at: datetime) -> datetime:
    """When an unfinished report is dropped (NCMEC CyberTipline Reporting API, "Report expiry")."""
    return max(opened_at + OPEN_FOR, changed_at + IDLE_FOR)


def require_open(state: ReportState) -> None:
    """Raise Conflict `report-finished`, `report-retracted`, `report-expired` where nothing may be added any more."""
    if state in _FINAL_CODES:
        raise Conflict(_FINAL_CODES[state], f"The report is {state.value}: open another one.")


class ClockNote(StrEnum):
    """What is odd about a time that a sender tells. It is kept as it was told: a fact of the sender."""

    FUTURE = "time-in-future"
    BEFORE_1990 = "time-before-1990"


_AHEAD = timedelta(days=1)
_FIRST_YEAR = 1990


def clock_notes(facts: ReportFacts, files: Sequence[FileFacts], now: datetime) -> tuple[ClockNote, ...]:
    """What is odd about the times in a report, each once."""
    identifiers = [one for party in facts.parties for one in party.identifiers]
    identifiers += [one for file in files for one in file.identifiers]
    told = [facts.incident.at, *(file.uploaded_at for file in files), *(one.at for one in identifiers)]
    times = [at for at in told if at]
    odd = {ClockNote.FUTURE: any(at > now + _AHEAD for at in times)}
    odd[ClockNote.BEFORE_1990] = any(at.astimezone(UTC).year < _FIRST_YEAR for at in times)
    return tuple(note for note, is_so in odd.items() if is_so)


def receipt(public_id: str, ended_at: datetime, files: Sequence[tuple[str, Sequence[Digest]]]) -> bytes:
    """The 32 bytes that stand for a finished report, in the sender's receipt and in the custody log alike.

    SHA-256 of lines of ASCII, each ended by a line feed: `triage receipt v1`, the report's id, the time in UTC as
    `2026-11-26T10:57:34.000000Z`, then for each file in order its id and its digests (measured, else as told), sorted
    by algorithm, as `id md5:… sha1:… sha256:…`.
    """
    at = ended_at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
    lines = ["triage receipt v1", public_id, at]
    for file_id, digests in files:
        values = sorted(f"{one.algorithm.value}:{one.value.hex()}" for one in digests)
        lines.append(" ".join([file_id, *values]))
    return sha256("".join(f"{line}\n" for line in lines).encode()).digest()
