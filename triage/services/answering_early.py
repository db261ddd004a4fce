"""Reports that are answered before anything of them is written: asked before, or by a key that opens nothing now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from triage.domain.errors import Conflict, Refused, TriageError
from triage.store.kept_reports import KeptReport
from triage.store.unit_of_work import Unit

from .admitting import Admitted, admitted_now
from .coming_reports import Coming
from .report_answers import status_of


def answer_repeated(unit: Unit, coming: Sequence[Coming], now: datetime) -> None:
    """Decide those whose reference or idempotency key was used before, there or in this very batch."""
    references = sorted({one.given.reference for one in coming if one.given.reference})
    keys = sorted({one.given.idempotency_key for one in coming if one.given.idempotency_key})
    if not references and not keys:
        return
    by_reference: dict[tuple[int, bool, str], str] = {}
    by_key: dict[tuple[int, bool, str], KeptReport | Coming] = {}
    for kept in unit.reports.claimed(sorted({one.whose[0] for one in coming}), references, keys):
        if kept.reference:
            by_reference[kept.sender_id, kept.sandbox, kept.reference] = kept.public_id
        if kept.idempotency_key:
            by_key[kept.sender_id, kept.sandbox, kept.idempotency_key] = kept
    for one in coming:
        key, reference = one.given.idempotency_key, one.given.reference
        before = by_key.get((*one.whose, key)) if key else None
        existing = by_reference.get((*one.whose, reference)) if reference else None
        if before is not None:
            _repeat(unit, one, before, now)
        elif existing is not None:
            one.answer = Conflict("reference-taken", f"A report of this reference exists: {existing}.")
        else:
            if reference:
                by_reference[*one.whose, reference] = one.public_id
            if key:
                by_key[*one.whose, key] = one


def _repeat(unit: Unit, one: Coming, before: KeptReport | Coming, now: datetime) -> None:
    """Answer an idempotency key that was used before: as then, unless the request is another."""
    asked = before.given.asked if isinstance(before, Coming) else before.asked
    if asked != one.given.asked:
        one.answer = Conflict("idempotency-key-reused", "This idempotency key came with another request before.")
    elif isinstance(before, Coming):
        one.follows = before
    else:
        one.answer = status_of(before, unit.reports.files(before.id), now)


def admitted_still(unit: Unit, coming: Sequence[Coming], now: datetime) -> dict[int, Admitted]:
    """Keys by id as they are now. Of one that was revoked since the door asked, the reports are refused."""
    found: dict[int, Admitted] = {}
    refused: dict[int, TriageError] = {}
    for key_id, kept in unit.senders.keys(sorted({one.given.admitted.key.id for one in coming})).items():
        try:
            found[key_id] = admitted_now(kept, now)
        except Refused as error:
            refused[key_id] = error
    for one in coming:
        one.answer = refused.get(one.given.admitted.key.id)
    return found
