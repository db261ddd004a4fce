"""What our codes mean, in sentences for a person who is not an engineer."""

from __future__ import annotations

from hashsets.vocabulary import SetKind, Transform
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.legal import Handling, Origin
from triage.domain.match_policy import Action
from triage.domain.matches import Because
from triage.domain.priority import Axis
from triage.domain.rematches import EndedBecause
from triage.domain.reports import FileMark, IncidentType, Viewed
from triage.domain.retention import HolderKind

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    Outcome.KNOWN: ("Known", "The very same bytes are in a trusted hash set. Closed without viewing."),
    Outcome.NEAR: (
        "Near known",
        "Looks like a known picture, or its bytes are listed and no rule closes it: likely. For a person to confirm.",
    ),
    Outcome.UNKNOWN: ("Unknown", "Examined and compared; nothing known is like it."),
    Outcome.NOT_EXAMINED: (
        "Not examined",
        "Only told to us: no bytes are held. What was told is like nothing known, which says little.",
    ),
    Outcome.KNOWN_GOOD: (
        "Known good",
        "The very same bytes are listed as harmless, or on the unit's allow list. Set aside without viewing.",
    ),
    Outcome.TOO_POOR: (
        "Too poor to say",
        "Decoded, but too little in it for a comparison to mean anything; of videos only bytes are compared.",
    ),
    Outcome.UNDECODABLE: ("Undecodable", "No picture came out of it. The notes below say why."),
    Outcome.CONTAINER: ("Archive", "Opened; what was inside is counted item by item."),
    Outcome.PENDING: ("Not done yet", "Waiting for a stage of the work. This report will change."),
}
"""Name and meaning of each answer, in the order of the report."""

AXES: dict[Axis, tuple[str, str]] = {
    Axis.DANGER: ("Danger", "May a child be in danger now?"),
    Axis.CLOCK: ("Clock", "How soon may evidence be gone?"),
    Axis.SOLVABILITY: ("Solvability", "Is there something to find a person by?"),
    Axis.NETWORK: ("Network", "How many others hang on it?"),
}

LEVELS = ("nothing raises it", "low", "raised", "high")

SET_KINDS: dict[SetKind, str] = {
    SetKind.KNOWN: "known",
    SetKind.KNOWN_GOOD: "known good",
    SetKind.ALLOWED: "allowed",
}

HELD_BACK: dict[Because, str] = {
    Because.LITTLE_INFORMATION: "little information in the picture",
    Because.SECOND_DISAGREES: "a second algorithm disagrees",
    Because.SECOND_ABSENT: "no second algorithm to confirm them",
    Because.QUALITY_NOT_TOLD: "told without the quality of the fingerprint",
    Because.ALLOWED_NEARER: "an entry of an allow list is nearer",
}
"""Why a near match did not count, after a colon."""

RULE_ACTIONS: dict[Action, str] = {
    Action.CLOSE: "closed without viewing",
    Action.REFER: "for a person",
    Action.NOTE: "recorded only",
}

ENDED: dict[EndedBecause, str] = {
    EndedBecause.RETRACTED: "no release in force lists it any more",
    EndedBecause.SUPERSEDED: "a later release of the set says it",
    EndedBecause.DECIDED: "the very bytes are listed now, so that likeness is not asked",
}

TRANSFORMS: dict[Transform, str] = {
    Transform.IDENTITY: "as it is",
    Transform.ROTATE_90: "turned by a quarter",
    Transform.ROTATE_180: "upside down",
    Transform.ROTATE_270: "turned by three quarters",
    Transform.FLIP_X: "mirrored top to bottom",
    Transform.FLIP_Y: "mirrored left to right",
    Transform.FLIP_PLUS_1: "mirrored along one diagonal",
    Transform.FLIP_MINUS_1: "mirrored along the other diagonal",
}

NOTES: dict[NoteCode, str] = {
    NoteCode.EMPTY: "The file has no bytes. Every empty file is the same, so it matches nothing.",
    NoteCode.UNSUPPORTED_TYPE: "The file is of a kind that this version does not examine, such as text.",
    NoteCode.UNDECODABLE: "The file claims to be a picture, but no picture could be read from it.",
    NoteCode.TRUNCATED: "The file ends early. The part that is there was examined.",
    NoteCode.TOO_MANY_PIXELS: "The picture is larger than the limit for safe decoding, so it was not decoded.",
    NoteCode.TOO_LARGE: "The file is larger than the limit for examination.",
    NoteCode.TOO_SMALL: "The picture is smaller than five pixels on a side: too small for a fingerprint.",
    NoteCode.LOW_QUALITY: "The picture holds too little structure for its fingerprint to decide anything alone.",
    NoteCode.VIDEO_NOT_COMPARED: "A moving picture: compared by its bytes only, not by what it shows.",
    NoteCode.FIRST_FRAME_ONLY: "The file holds several frames or pages. The first one was examined.",
    NoteCode.TYPE_DISAGREES: "The name's ending and the bytes say different kinds. The bytes were believed.",
    NoteCode.METADATA_UNREADABLE: "The camera's facts in the file are damaged and could not be read.",
    NoteCode.METADATA_CUT: "A value in the camera's facts was longer than we keep and was cut.",
    NoteCode.THUMBNAIL_UNREADABLE: "The small picture embedded in the file could not be read.",
    NoteCode.TIME_LIMIT: "Reading the file took longer than allowed and was stopped.",
    NoteCode.MEMORY_LIMIT: "Reading the file needed more memory than allowed and was stopped.",
    NoteCode.CHAMBER_DIED: "The file made its reader crash. The reader is sealed off, so nothing else was touched.",
    NoteCode.ARCHIVE_UNREADABLE: "The archive is damaged and could not be opened.",
    NoteCode.ARCHIVE_ENCRYPTED: "The archive, or a part of it, is protected by a password.",
    NoteCode.ARCHIVE_TOO_DEEP: "Archives lie inside archives beyond the limit; the innermost were not opened.",
    NoteCode.ARCHIVE_TOO_MANY: "The archive has more members than the limit; the rest were left unopened.",
    NoteCode.ARCHIVE_TOO_LARGE: "The archive unpacks to more than the limit; the rest was left unopened.",
    NoteCode.ARCHIVE_RATIO: "The archive unpacks to suspiciously much, as attacks on readers do. It was left there.",
    NoteCode.MEMBER_UNREADABLE: "A member of an archive is damaged and could not be taken out.",
    NoteCode.SOURCE_UNREADABLE: "The file could not be opened or read where it lies.",
    NoteCode.SOURCE_CHANGED: "The file changed while it was read, or afterwards. The source is not at rest.",
    NoteCode.SPECIAL_FILE: "A device, socket or pipe, not a file. It was not read.",
    NoteCode.LINK_NOT_FOLLOWED: "A link to another place. It was not followed, so that nothing is read twice.",
    NoteCode.DIGESTS_DISAGREE: "A sender told a digest that is not that of the bytes, or two senders told two.",
    NoteCode.MEMBERS_NOT_EXPANDED: "An archive from a sender that keeps no media. What is inside was not examined.",
    NoteCode.NO_CLOSER_LOOK: "The picture may resemble known content, and could not be decoded again to make sure.",
    NoteCode.BYTES_ERASED: "Its bytes were lawfully deleted before this was done.",
    NoteCode.GAVE_UP: "Tried several times without success. A technician has to look at the machine.",
}


ORIGINS: dict[Origin, str] = {
    Origin.SEIZURE: "seized by this unit",
    Origin.UNIT: "pushed by a unit",
    Origin.PROVIDER: "reported by a provider",
    Origin.HOTLINE: "reported by a hotline",
}

HANDLING: dict[Handling, str] = {
    Handling.H0: "for preventing and combating crime",
    Handling.H1: "not for judicial proceedings without the owner's permission",
    Handling.H2: "not to be passed on without the owner's permission",
    Handling.H3: "other restrictions: ask the owner",
}
"""Europol's handling codes, in short."""

VIEWED: dict[Viewed, str] = {
    Viewed.YES: "opened by a person at the sender",
    Viewed.NO: "opened by nobody at the sender",
    Viewed.UNKNOWN: "not known whether anybody at the sender opened it",
}

INCIDENTS: dict[IncidentType, str] = {
    IncidentType.MATERIAL: "material held, made or passed on",
    IncidentType.TRAFFICKING: "trafficking",
    IncidentType.TRAVEL: "travel",
    IncidentType.CONTACT_ABUSE: "contact abuse",
    IncidentType.MISLEADING_DOMAIN: "misleading domain name",
    IncidentType.MISLEADING_WORDS: "misleading words or images",
    IncidentType.ENTICEMENT: "enticement",
    IncidentType.UNSOLICITED: "unsolicited material",
    IncidentType.SEXTORTION: "sextortion",
    IncidentType.SOLICITATION: "solicitation",
    IncidentType.BETWEEN_MINORS: "between minors",
    IncidentType.LIVE_STREAM: "live-stream",
    IncidentType.SADISTIC: "sadistic",
    IncidentType.SPAM: "spam",
}

MARKS: dict[FileMark, str] = {
    FileMark.MEME: "circulating joke",
    FileMark.VIRAL: "circulating widely",
    FileMark.GENERATED: "machine-generated",
    FileMark.DRAWN: "drawn",
    FileMark.SELF_PRODUCED: "made by the person shown",
    FileMark.HARM: "harm",
    FileMark.VIOLENCE: "violence",
    FileMark.ANIMAL: "animal",
    FileMark.LIVE_STREAM: "live-stream",
    FileMark.INFANT: "infant",
}

REPORT_FACTS: dict[str, str] = {
    "reporter_escalated": "Marked as urgent by the sender",
    "accounts": "Accounts",
    "phones": "Phone numbers",
    "emails": "E-mail addresses",
    "ips_with_port": "IP addresses with port and time",
    "fresh_ips_with_port": "of them, within the operator's estimated retention",
    "child_accounts_in_several_reports": "Accounts of children in several reports",
    "agreeing_jurisdiction_signs": "Independent signs that name one country",
    "marked_generated": "Items marked as machine-generated",
    "marked_meme": "Items marked as circulating jokes",
    "widely_reported": "Items that are in many other reports",
}
"""What reports say, counted; the names are those of `ReferralFacts`."""

RECORDS: dict[HolderKind, str] = {
    HolderKind.REPORT_CONTENT: "Contents of the report",
    HolderKind.SUBSCRIBER_RECORDS: "Subscriber records",
    HolderKind.MESSAGE_CONTENT: "Contents of accounts",
    HolderKind.TRAFFIC_DATA: "Traffic data",
}
