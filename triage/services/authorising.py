"""Authorising: recording and withdrawing what lets anybody look at a file that nobody at its sender opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from triage.domain.authorities import Authority, NewAuthority, require_stated
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.senders import Scope, SenderKind
from triage.store.unit_of_work import Store

from .admitting import Admitted
from .clock import Clock


@dataclass(frozen=True)
class Authorising:
    """Each change and its record in the custody log are one commit. It opens no evidence and makes no rendition."""

    store: Store
    clock: Clock
    actor: str

    def record(self, new: NewAuthority, by: str | None = None) -> Authority:
        """Record an authority; the same one, where it stands already, is answered and not written twice.

        `by` is who records it, else whoever runs this program. Raises Refused `authority-incomplete`, NotFound
        `no-submission`, `item-not-in-submission`.
        """
        require_stated(new)
        stated = replace(new, reference=new.reference.strip(), person=new.person.strip())
        now, actor = self.clock(), by or self.actor
        with self.store.writing() as unit:
            unit.custody.hold()  # of two that record the same at once, the second finds the first's
            unit.submissions.get(stated.submission_id)
            if stated.item_id is not None and not unit.authorities.is_held(stated.submission_id, stated.item_id):
                raise NotFound("item-not-in-submission", "This item does not occur in that submission.")
            standing = unit.authorities.standing(stated)
            if standing:
                return standing
            recorded = unit.authorities.add(stated, now, actor)
            details: dict[str, str | int | None] = {
                "authority": recorded.id,
                "item": recorded.item_id,
                "reference": recorded.reference,
                "person": recorded.person,
                "given_at": recorded.given_at.isoformat(),
            }
            subject = f"submission:{recorded.submission_id}"
            unit.custody.append(
                [CustodyEvent(now, actor, CustodyAction.AUTHORISED, subject, recorded.kind.value, details)]
            )
            unit.commit()
        return recorded

    def record_for(self, admitted: Admitted, new: NewAuthority) -> Authority:
        """The same for a key. Raises Refused `scope-missing`, and `may-not-authorise` for what is no unit's key.

        A provider cannot say that police may open what it did not; a sandbox key touches nothing real.
        """
        admitted.require(Scope.AUTHORISE)
        if admitted.sender.kind is not SenderKind.UNIT or admitted.key.sandbox:
            raise Refused("may-not-authorise", "Only a unit's key, and none of the sandbox, records authorities.")
        return self.record(new, by=f"{admitted.sender.name}/{admitted.key.prefix}")

    def withdraw(self, authority_id: int, because: str, by: str | None = None) -> Authority:
        """End an authority: from now on the gate answers as if it had never been recorded.

        Raises NotFound `no-authority`, Refused `reason-missing`, Conflict `authority-withdrawn`.
        """
        if not because.strip():
            raise Refused("reason-missing", "Say why the authority is withdrawn.")
        now, actor = self.clock(), by or self.actor
        with self.store.writing() as unit:
            found = unit.authorities.get(authority_id)
            if not unit.authorities.withdraw(authority_id, now, actor, because.strip()):
                raise Conflict("authority-withdrawn", f"A-{authority_id} was withdrawn before.")
            details: dict[str, str | int | None] = {
                "authority": authority_id,
                "item": found.item_id,
                "because": because.strip(),
            }
            subject = f"submission:{found.submission_id}"
            unit.custody.append([CustodyEvent(now, actor, CustodyAction.WITHDRAWN, subject, "authority", details)])
            unit.commit()
        return replace(found, withdrawn_at=now, withdrawn_by=actor, withdrawn_because=because.strip())
