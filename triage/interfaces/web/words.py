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
    "same-container": N_("same archive"),
    "near-fingerprint": N_("look alike"),
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
LOOK_LEVELS: Mapping[str, tuple[str, str]] = {
    "reduced": (N_("Reduced"), N_("small, grey and blurred")),
    "full": (N_("Full"), N_("as it is, with your name across it")),
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


def more_of(details: Mapping[str, Any]) -> str:
    """What a line of history says beside its words: labels, and sentences that people or rules wrote."""
    told = [f"P-{details['plan']}"] if "plan" in details else []
    told += [f"S-{one}" for one in details.get("submissions", ())]
    because = details.get("because", ())
    return "; ".join([", ".join(told), *([because] if isinstance(because, str) else because)])


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
