"""Codes of the pipeline in a person's words. `N_` marks a sentence for translation; the page translates it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from triage.domain.priority import PriorityRules
from triage.domain.referral_facts import ReferralFacts, number

from .language import Speaking


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """The message itself: a mark for whoever collects what is to be translated."""
    return message


OUTCOMES: Mapping[str, tuple[str, str]] = {
    "known": (N_("Known"), N_("The very same bytes are in a trusted hash set. Closed without viewing.")),
    "near": (N_("Near known"), N_("Looks like a known picture, or its bytes are listed and no rule closes it.")),
    "unknown": (N_("Unknown"), N_("Examined and compared; nothing known is like it.")),
    "known-good": (N_("Known good"), N_("The very same bytes are listed as harmless. Set aside without viewing.")),
    "too-poor": (N_("Too poor to say"), N_("Decoded, but too little in it for a comparison to mean anything.")),
    "undecodable": (N_("Undecodable"), N_("No picture came out of it. A note says why.")),
    "not-examined": (
        N_("Not examined"),
        N_("Only digests were told, and nothing known has them."),
    ),
    "container": (N_("Archive"), N_("Opened; what was inside is counted item by item.")),
    "pending": (N_("Not done yet"), N_("Waiting for a stage of the work.")),
}
AXES: Mapping[str, tuple[str, str]] = {
    "danger": (N_("Danger"), N_("May a child be in danger now?")),
    "clock": (N_("Clock"), N_("How soon may evidence be gone?")),
    "solvability": (N_("Solvability"), N_("Is there something to find a person by?")),
    "network": (N_("Network"), N_("How many others hang on it?")),
}
LEVELS = (N_("nothing raises it"), N_("low"), N_("raised"), N_("high"))
STATES: Mapping[str, str] = {
    "open": N_("open"),
    "merged": N_("goes on in another"),
    "done": N_("done"),
    "facts-enough": N_("closed: the facts were enough"),
    "receiving": N_("being received"),
    "received": N_("received whole"),
}
ORIGINS: Mapping[str, str] = {
    "seizure": N_("seizure"),
    "unit": N_("pushed by a unit"),
    "provider": N_("reported by a provider"),
    "hotline": N_("reported by a hotline"),
}
VIEWED: Mapping[str, str] = {"yes": N_("yes"), "no": N_("no"), "unknown": N_("not said")}
STAGES: Mapping[str, str] = {
    "expand": N_("open archives"),
    "examine": N_("examine"),
    "look-closer": N_("look closer"),
    "match": N_("compare"),
    "rematch": N_("compare again"),
    "link": N_("link"),
    "refer": N_("refer"),
}
FINDINGS: Mapping[str, str] = {
    "camera": N_("camera"),
    "captured": N_("time of capture"),
    "place": N_("position"),
    "lens": N_("lens"),
    "software": N_("software"),
    "maker-note": N_("maker note"),
    "orientation": N_("orientation"),
    "thumbnail-disagrees": N_("embedded thumbnail shows another picture"),
}
LINKS: Mapping[str, str] = {
    "look-alike": N_("look alike"),
    "same-camera": N_("same camera body"),
    "same-place-time": N_("same place and time"),
    "same-archive": N_("same archive"),
}
EVENTS: Mapping[str, str] = {
    "opened": N_("opened"),
    "joined": N_("submissions joined"),
    "split": N_("split"),
    "merged": N_("goes on in another referral"),
    "absorbed": N_("took in another referral"),
    "rematched": N_("compared again"),
    "decided": N_("decided"),
    "done": N_("done: nothing was left in it"),
    "set-aside": N_("closed: the facts were enough"),
    "reopened": N_("opened again"),
    "outcome": N_("an outcome was told"),
    "exported": N_("evidence went to a receiver"),
    "erased": N_("evidence bytes were deleted"),
    "set-apart": N_("submissions were set apart by a person"),
    "new-grounds": N_("new grounds tie what a person set apart"),
    "parting-ended": N_("a person ended that submissions stay apart"),
}
EVENTS_WITH_MORE = frozenset({"exported", "erased", "set-apart", "new-grounds", "parting-ended"})
ACTS: Mapping[str, str] = {
    "reveal-known": N_("a look at something known"),
    "export-media": N_("export of evidence"),
    "delete": N_("deletion of evidence bytes"),
    "split": N_("split of a referral"),
}
PLAN_STATES: Mapping[str, str] = {
    "waiting": N_("waits for a second person"),
    "declined": N_("declined"),
    "granted": N_("agreed to: it may be carried out, once"),
    "expired": N_("too late: ask anew"),
    "begun": N_("begun, and not ended"),
    "done": N_("carried out"),
}
ERASING: Mapping[str, str] = {
    "court-order": N_("a court ordered it"),
    "retention-ended": N_("the time for which it was to be kept has ended"),
    "mistaken-receipt": N_("it was received by mistake"),
}
ROLES: Mapping[str, str] = {
    "administrator": N_("administrator"),
    "curator": N_("curator of hash sets"),
    "analyst": N_("analyst"),
    "supervisor": N_("supervisor"),
    "welfare-lead": N_("welfare lead"),
    "partner": N_("partner of another agency"),
}
METHODS: Mapping[str, str] = {
    "password": N_("password"),
    "totp": N_("one-time code"),
    "passkey": N_("passkey"),
    "oidc": N_("identity provider"),
}
"""How somebody showed who they are."""
STANDINGS: Mapping[str, str] = {
    "decides": N_("counts"),
    "outranked": N_("another counts more"),
    "held-back": N_("held back"),
    "noted": N_("noted only"),
}
BASES: Mapping[str, str] = {"exact": N_("the very bytes"), "near": N_("likeness")}


LOOK_REASONS: Mapping[str, str] = {
    "legal-threshold": N_("whether it meets a legal threshold"),
    "victim-identification": N_("identifying a victim"),
    "court": N_("a court asks"),
    "quality-check": N_("checking the quality of work"),
}
MOVING = N_("A moving picture: its bytes were compared, and nothing here compares what it shows.")
"""What the answer "too poor to say" means of a video."""
LOOK_LEVELS: Mapping[str, tuple[str, str]] = {
    "reduced": (N_("Reduced"), N_("small, grey and blurred")),
    "full": (N_("Full"), N_("as it is, with your name across it")),
}
LOOK_WHY: Mapping[str, str] = {
    "found": N_("Something in its group is unlawful, or near to what is known."),
    "beside": N_("It was taken next to something that is unlawful, or near to what is known."),
    "recent": N_("In its group are pictures that a camera took in the last thirty days."),
    "thumbnail": N_("In its group is a picture whose embedded thumbnail shows another one."),
    "mixed": N_("On another day the same camera took unlawful pictures among lawful ones."),
    "camera": N_("The same camera took something unlawful, or near to what is known, on another day."),
    "first": N_("Nobody has looked at anything of its group."),
    "spread": N_("It stands for a part of its group in which nobody has looked at anything."),
}
LOOK_TIES: Mapping[str, str] = {
    "occasion": N_("taken by one camera on one day"),
    "archive": N_("found in one archive"),
    "nothing": N_("without traces, arrived together"),
}
SHARES: Mapping[str, str] = {
    "facts": N_("on facts"),
    "reduced": N_("after a reduced look"),
    "full": N_("after a full look"),
}
DECISION_STATES: Mapping[str, str] = {
    "awaiting-second": N_("waits for a second person"),
    "standing": N_("stands"),
    "dissenting": N_("another opinion"),
    "superseded": N_("superseded"),
    "undone": N_("taken back"),
}


OUTCOME_CODES: Mapping[str, str] = {
    "accepted": N_("taken on by another unit or country"),
    "child-identified": N_("a child was identified"),
    "child-safe": N_("a child is safe"),
    "offender-disrupted": N_("an offender was stopped"),
    "organiser-charged": N_("an organiser was charged"),
    "conviction": N_("a conviction"),
    "compensation": N_("compensation was paid"),
    "no-grounds": N_("nothing unlawful was found"),
    "closed": N_("closed without result"),
}

NOTES: Mapping[str, str] = {
    "empty": N_("no bytes in it"),
    "unsupported-type": N_("no picture or archive that we read"),
    "undecodable": N_("begins as a picture, and none came out"),
    "truncated": N_("ends early or is damaged: what is there was compared"),
    "too-many-pixels": N_("too many pixels: not decoded"),
    "too-large": N_("too large: not read whole"),
    "too-small": N_("too small to compare"),
    "low-quality": N_("too flat to compare"),
    "video-not-compared": N_("a moving picture: compared by its bytes only"),
    "first-frame-only": N_("several frames or pages: the first was examined"),
    "type-disagrees": N_("its name claims another type than its bytes"),
    "metadata-unreadable": N_("damaged metadata: parts are missing"),
    "metadata-cut": N_("more metadata than is kept"),
    "thumbnail-unreadable": N_("embedded thumbnail is unreadable"),
    "time-limit": N_("took too long"),
    "memory-limit": N_("needed too much memory"),
    "chamber-died": N_("ended the process that examined it"),
    "archive-unreadable": N_("damaged archive"),
    "archive-encrypted": N_("archive with a password"),
    "archive-too-deep": N_("archives within archives, too deep"),
    "archive-too-many-members": N_("archive with too many members: the rest was left"),
    "archive-too-large": N_("archive that unpacks to too much: the rest was left"),
    "archive-ratio": N_("archive that unpacks as bombs do: the rest was left"),
    "member-unreadable": N_("a member of the archive is unreadable"),
    "source-unreadable": N_("could not be read at the source"),
    "source-changed": N_("changed while it was read"),
    "special-file": N_("a device, socket or pipe: not read"),
    "link-not-followed": N_("a link: not followed"),
    "digests-disagree": N_("a digest that was told is not that of the bytes"),
    "members-not-expanded": N_("archive of a sender that keeps no media: not opened"),
    "no-closer-look": N_("exact values could not be taken: estimates had to do"),
    "gave-up": N_("tried several times without success"),
    "bytes-erased": N_("bytes were lawfully deleted"),
}
RECORDS: Mapping[str, str] = {
    "received": N_("received"),
    "sealed": N_("sealed"),
    "referenced": N_("recorded in place"),
    "stated": N_("known by what was told"),
    "sighted": N_("examined in memory and dropped"),
    "identified": N_("found to be another item"),
    "opened": N_("opened"),
    "examined": N_("examined"),
    "matched": N_("compared"),
    "linked": N_("linked"),
    "referred": N_("referred"),
    "closed": N_("closed without viewing"),
    "reopened": N_("opened again"),
    "retracted": N_("matches ended"),
    "rematched": N_("compared again"),
    "noted": N_("noted"),
    "released": N_("changed a hash set"),
    "judged": N_("judged an entry"),
    "disclosed": N_("handed out a file"),
    "entitled": N_("changed what a person may do"),
    "approved": N_("answered as second person"),
    "admitted": N_("admitted or ended a sender"),
    "asked": N_("told how many are known"),
    "joined": N_("a machine joined"),
    "backed-up": N_("backed up"),
    "restored": N_("restored from a backup"),
    "viewed": N_("viewed"),
    "decided": N_("decided"),
    "told": N_("told an outcome"),
    "audited": N_("audited"),
    "reported": N_("wrote a report"),
    "authorised": N_("recorded an authority"),
    "withdrawn": N_("withdrew an authority"),
    "look-refused": N_("a look was refused"),
    "redacted": N_("deleted the text of a record"),
    "erased": N_("deleted evidence bytes"),
    "parted": N_("set submissions apart"),
    "pruned": N_("deleted old rulings on who may see what"),
}
SET_KINDS: Mapping[str, str] = {
    "known": N_("known"),
    "known-good": N_("known good"),
    "allow-list": N_("allow list"),
}
SHARING: Mapping[str, str] = {
    "unstated": N_("not said"),
    "nobody": N_("with nobody"),
    "source": N_("with its source only"),
    "partners": N_("with partners that its licence names"),
    "anyone": N_("with anyone"),
}
PARTS: Mapping[str, str] = {
    "database": N_("database"),
    "schema": N_("schema of the database"),
    "vault": N_("vault"),
    "witness": N_("witness of the custody log"),
    "library": N_("hash sets"),
}


def reason_told(
    reason: Mapping[str, Any], facts: ReferralFacts, rules: PriorityRules, say: Speaking, today: date
) -> str:
    """A reason's sentence in the reader's language, made anew from its rule and what was counted."""
    rule = next((one for one in rules.rules if one.name == reason["rule"]), None)
    if rule is None or say.language == "en":
        return str(reason["sentence"])
    count = number(facts, rule.when[0].fact, today, rule.when[0].any_of)
    if count is None:
        return str(reason["sentence"])
    template = rule.sentence_one if rule.sentence_one and abs(count) == 1 else rule.sentence
    told = say.sentences.gettext(template)
    return told.format(count=say.number(count), days=say.number(abs(count)))
