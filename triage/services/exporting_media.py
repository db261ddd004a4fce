"""Exporting evidence: chosen items of a referral go to one receiver, once, in a file that nobody else can open.

`plan` puts it before a second person, `begin` spends their grant and records the disclosure, and only then does
`Sending.write` open a byte. Nothing plain touches our disk: bytes go from the vault through the sealing
into the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from triage.domain.access import Action
from triage.domain.categories import Schemes
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict, NotFound, Refused, Tampered
from triage.domain.jobs import item_range
from triage.domain.legal import Handling, Sharing, sharing_together
from triage.domain.people import Principal
from triage.domain.plans import ExportTerms, NewPlan, Plan, listed, stated
from triage.exporters.package import Entry, Out, archived, receivers_key, seal
from triage.store.items import Kept
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .gatekeeping import Gatekeeping
from .keeping import Keeping, require_kept
from .packing_lists import custody_extract, manifest
from .permitting import a_referral
from .planning import Planning, Rules, a_plan

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a referral could be exported, and to whom as far as its senders go."""

    decided: tuple[int, ...]  # by people, as unlawful
    known: tuple[int, ...]  # their very bytes are in a trusted set
    may_share_with: tuple[str, ...]
    handling: tuple[Handling, ...]


@dataclass(frozen=True)
class ExportingMedia:
    """The only way in which evidence leaves the house."""

    store: Store
    rules: Rules
    planning: Planning
    gatekeeping: Gatekeeping
    keeping: Keeping
    schemes: Schemes
    scheme: str
    clock: Clock

    def choice(self, who: Principal, referral_id: int) -> Choice:
        """For whoever may plan an export. Raises Refused with the policy's code."""
        self.planning.may_plan(who, Action.EXPORT_MEDIA, a_referral(referral_id))
        with self.store.reading() as unit:
            decided, known = self._decided(unit, referral_id), unit.plans.known_in(referral_id)
            sharing = _sharing(unit, unit.claims.submissions_of(referral_id))
        return Choice(tuple(decided), tuple(known), sharing.may_share_with, sharing.handling)

    def plan(
        self,
        who: Principal,
        referral_id: int,
        receiver: str,
        key: str,
        reason: str,
        items: Sequence[int] | None = None,
        *,
        with_known: bool = False,
    ) -> int:
        """Ask for it; the plan's number. Without `items` what was decided as unlawful; `with_known`: known ones too.

        Raises Refused with the policy's code, `reason-missing`, `export-key`, `may-not-share`, `bytes-erased`,
        `bytes-not-held`, `plan-empty`, `plan-too-many`, or the legal gate's (`gate-…`); NotFound `no-item`.
        """
        self.planning.may_plan(who, Action.EXPORT_MEDIA, a_referral(referral_id))
        with self.store.reading() as unit:
            chosen = self._decided(unit, referral_id) if items is None else list(items)
            if with_known:
                chosen += unit.plans.known_in(referral_id)
        terms = ExportTerms(stated(receiver), receivers_key(key), listed(chosen))
        self._check(who, referral_id, terms)
        return self.planning.put_forward(who, NewPlan(Action.EXPORT_MEDIA, terms, referral_id), reason)

    def begin(self, who: Principal, plan_id: int) -> Sending:
        """Spend the second person's grant, and record the disclosure before the first byte.

        Everything is asked again: an authority may have been withdrawn, or bytes deleted. Raises as `plan`, and
        Refused `plan-not-own`, Conflict `plan-over`, `plan-changed`.
        """
        plan = self.planning.require_own(who, plan_id, Action.EXPORT_MEDIA)
        terms, referral_id = plan.what.terms, plan.what.referral_id
        assert isinstance(terms, ExportTerms)
        assert referral_id is not None
        kept = self._check(who, referral_id, terms)
        # Last, because it uses the second person's grant up.
        grant = self.rules.ask(who, Action.EXPORT_MEDIA, a_plan(plan_id))
        now = self.clock()
        with self.store.reading() as unit:
            told = manifest(unit, plan, terms, kept, self.scheme, now)
            records = custody_extract(unit, plan, terms, self.store.signer.verifier.text)
        details: dict[str, str | int | None] = {
            "step": "begun",
            "plan": plan.id,
            "terms": plan.digest.hex(),
            "approval": grant,
            "receiver": terms.receiver,
            "key": terms.key,
            "items": item_range(terms.items),
            "manifest": hashlib.sha256(told).hexdigest(),
        }
        with self.store.writing() as unit:
            if not unit.plans.begin(plan.id, now):
                raise Conflict("plan-over", f"P-{plan_id} was begun; a grant is good once.")
            unit.networks.add_event(referral_id, "exported", {"plan": plan.id, "items": len(kept)}, now)
            unit.claims.remember_work(referral_id, who.id, now)
            unit.custody.append([_disclosed(who, referral_id, details, now)])
            unit.commit()
        files = {"manifest.json": told, "custody.json": records}
        return Sending(self.store, self.keeping, self.clock, who, plan, terms, tuple(kept), files, now)

    def _decided(self, unit: Unit, referral_id: int) -> list[int]:
        unlawful = {one.code for one in self.schemes.scheme(self.scheme).categories if one.rank > 0}
        return unit.plans.decided_in(referral_id, self.scheme, unlawful)

    def _check(self, who: Principal, referral_id: int, terms: ExportTerms) -> list[Kept]:
        """Everything that says no without anybody's help."""
        with self.store.reading() as unit:
            submissions = unit.claims.submissions_of(referral_id)
            if len(unit.decisions.occurring(referral_id, terms.items)) < len(terms.items):
                raise NotFound("no-item", f"R-{referral_id} has no such item.")
            holding = [one.submission_id for one in unit.disclosures.places(terms.items, submissions)]
            _sharing(unit, sorted(set(holding))).require(terms.receiver)
            kept = unit.items.kept(terms.items)
            for one in kept:
                require_kept(one)
            if without := [one.item.id for one in kept if not one.is_located]:
                raise Refused("bytes-not-held", f"Of {len(without):,} items nothing is held, I-{without[0]} first.")
            gates = unit.gates.of_items(terms.items, submissions, self.clock())
        shut = [item_id for item_id, found in gates.items() if not found.may_render]
        if shut:
            gate = self.gatekeeping.may_render(shut[0], submissions, who.login)  # which keeps that it said no
            told = f"{len(shut):,} of the items may not be opened, I-{shut[0]} first. {gate.because}"
            raise Refused(f"gate-{gate.code.value}", told)
        return kept


@dataclass(frozen=True)
class Sending:
    """A package that was allowed, and may be written once."""

    store: Store
    keeping: Keeping
    clock: Clock
    who: Principal
    plan: Plan
    terms: ExportTerms
    kept: tuple[Kept, ...]
    files: dict[str, bytes]
    begun_at: datetime
    _written: list[bool] = field(default_factory=list)

    @property
    def name(self) -> str:
        """A name for the file: it tells nothing of what is in it."""
        return f"P-{self.plan.id}.tar.age"

    def write(self, out: Out) -> dict[str, Any]:
        """Write it, and record what it came to: bytes and SHA-256 of the file. Once.

        Raises Conflict `plan-over`, Tampered, Unavailable, Unreadable, and what `out` raises: what was written by
        then does not open to its end.
        """
        if self._written:
            raise Conflict("plan-over", f"P-{self.plan.id} was written; a grant is good once.")
        self._written.append(True)
        counting = _Counting(out)
        try:
            seal(self.terms.key, archived(self._entries(), self.begun_at), counting)
        except BaseException:
            self._record("broken", counting)
            raise
        return self._record("written", counting)

    def _entries(self) -> Iterator[Entry]:
        for name, data in self.files.items():
            yield Entry(name, len(data), partial(_once, data))
        for kept in self.kept:
            yield Entry(f"items/I-{kept.item.id}", kept.item.size or 0, partial(self._opened, kept))

    def _opened(self, kept: Kept) -> Iterator[bytes]:
        source, digest, offset = self.keeping.open(kept), hashlib.sha256(), 0
        try:
            while chunk := source.read_at(offset, _CHUNK):
                digest.update(chunk)
                offset += len(chunk)
                yield chunk
        finally:
            source.close()
        if digest.digest() != kept.item.digests.sha256:
            raise Tampered("content-changed", f"Item I-{kept.item.id}: its bytes give another digest.")

    def _record(self, step: str, counting: _Counting) -> dict[str, Any]:
        now, referral_id = self.clock(), self.plan.what.referral_id
        assert referral_id is not None
        result: dict[str, Any] = {
            "step": step,
            "bytes": counting.bytes,
            "sha256": counting.digest.hexdigest(),
            "items": len(self.kept),
        }
        with self.store.writing() as unit:
            unit.plans.finish(self.plan.id, now, result)
            unit.custody.append([_disclosed(self.who, referral_id, {**result, "plan": self.plan.id}, now)])
            unit.commit()
        return result


class _Counting:
    """Hands bytes on, and knows their number and digest."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self.bytes = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> None:
        self._out.write(data)
        self.bytes += len(data)
        self.digest.update(data)


def _once(data: bytes) -> Iterator[bytes]:
    yield data


def _sharing(unit: Unit, submission_ids: Sequence[int]) -> Sharing:
    deliveries = [one.delivery for one in unit.submissions.many(submission_ids)]
    return sharing_together(Sharing(one.may_share_with, one.handling) for one in deliveries)


def _disclosed(who: Principal, referral_id: int, details: dict[str, str | int | None], now: datetime) -> CustodyEvent:
    return CustodyEvent(now, who.login, CustodyAction.DISCLOSED, f"referral:{referral_id}", "export-media", details)
