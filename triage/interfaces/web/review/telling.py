"""What a page says after an act: a code in the address, a sentence on the page. An address carries no sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from triage.domain.decisions import require_undo
from triage.domain.errors import Conflict, NotFound, Refused
from triage.interfaces.web.words import N_
from triage.store.unit_of_work import Unit

from .desk import Desk

TOLD: Mapping[str, str] = {
    "claimed": N_("It is in your hands."),
    "nothing-waits": N_("Nothing waits that you could take."),
    "put-back": N_("It is back in the queue."),
    "opted-out": N_("It is back in the queue and will not be offered to you again. Nobody is told."),
    "handed-over": N_("It is in your colleague's hands."),
    "decided": N_("Decided."),
    "awaiting-second": N_("Written down. It counts once a second person has confirmed it."),
    "left-alone": N_("Decided. Items that have another decision were left alone."),
    "nothing-marked": N_("Nothing was marked."),
    "unchanged": N_("The same stands already."),
    "done": N_("Decided, and nothing is left in it: it is done."),
    "set-aside": N_("The facts were enough. It is closed."),
    "reopened": N_("It is open again."),
    "undone": N_("Taken back."),
    "confirmed": N_("Confirmed. It stands."),
    "confirmed-in-part": N_("Confirmed. Items of which somebody says another thing were left alone."),
    "dissented": N_("Both opinions are kept."),
    "told": N_("Everyone who worked on it is told, and senders of its reports when they ask."),
    "asked": N_("A second person is asked."),
    "erased": N_("The bytes are deleted. Facts and records stay."),
    "split": N_("It is split."),
    "joined-again": N_("The rules count again."),
    "granted": N_("Agreed to. It may be used once."),
    "declined": N_("Declined."),
    "view-saved": N_("The filter is kept under its name."),
    "read": N_("Marked as read."),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence, in English; the page translates it. `undo`: a decision whose act can be taken back from here."""

    sentence: str
    refused: bool = False
    undo: int = 0
    back: str = ""


def told(code: str) -> Message | None:
    """The sentence of a code; nothing for one that is not ours."""
    sentence = TOLD.get(code)
    return Message(sentence) if sentence else None


def told_of_decision(desk: Desk, unit: Unit, code: str, decision_id: int) -> Message | None:
    """The sentence of a code, and the way to take the act back while its person still may."""
    message = told(code)
    if message is None or not decision_id:
        return message
    try:
        made = unit.decisions.get(decision_id)
        require_undo(made, desk.who.id, desk.application.deciding.rules, desk.now)
    except (NotFound, Refused, Conflict):
        return message
    return replace(message, undo=made.id, back=f"referral:{made.referral_id}")


def go(address: str, code: str = "", **more: str | int) -> RedirectResponse:
    """On to a page that says what was done; reloading it does nothing again."""
    query = urlencode({**({"told": code} if code else {}), **more})
    return RedirectResponse(f"{address}?{query}" if query else address, 303)
