"""Taking a unit's seizure over the network: file by file, without sending twice what its case holds already."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hashsets.algorithms.digests import Digests
from hashsets.algorithms.digests_of_many import digests_of_many
from hashsets.algorithms.md5_lanes import LANES
from triage.chamber.sniff import SNIFF_BYTES, kind_of
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict, Refused
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind
from triage.domain.legal import Handling, Origin
from triage.domain.pushes import Manifest, Offer, OfferState, PackedFile
from triage.domain.senders import Scope, SenderKind
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.domain.uploads import NewUpload, sha256_stated
from triage.store.items import NewItem
from triage.store.pushes import HeldItem, KeptPush, Recorded
from triage.store.unit_of_work import Store, Unit
from triage.store.uploads import KeptUpload
from triage.vault.seam import Vault

from .admitting import Admitted
from .clock import Clock
from .keeping import sealed_row
from .receiving import require_stated
from .recording_found import record_found, record_held
from .settling import settle
from .uploading import Uploading

_LONGEST_LABEL = 4_096
_PROBLEMS = frozenset(
    {NoteCode.SOURCE_UNREADABLE, NoteCode.LINK_NOT_FOLLOWED, NoteCode.SPECIAL_FILE, NoteCode.SOURCE_CHANGED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPush:
    """What a unit states of a seizure. What it leaves empty is as its sender was registered.

    `label` names the source at the unit: the same one again goes on with the same push.
    """

    case_ref: str
    exhibit_ref: str
    label: str
    basis: str = ""
    handling: tuple[Handling, ...] | None = None
    may_share_with: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class OpenPush:
    """A push that may be sent to, and how many files are recorded of it already."""

    public_id: str
    submission_id: int
    files: int


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """What is to be done with an offered file. `sha256` is what is recorded, `upload` what has begun."""

    state: OfferState
    sha256: bytes | None = None
    upload: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A path that could not be read at the source, and why."""

    path: bytes
    code: NoteCode


@dataclass(frozen=True, slots=True)
class SummedUp:
    """What is recorded here of a push, and whether it is what its sender has."""

    is_equal: bool
    manifest: bytes
    files: int
    bytes: int
    submission_id: int


@dataclass(frozen=True)
class Pushing:
    """Takes pushed seizures. Parses nothing: it has no chamber."""

    store: Store
    vault: Vault
    uploading: Uploading
    clock: Clock
    actor: str

    def open(self, admitted: Admitted, new: NewPush) -> OpenPush:
        """Begin a push, or go on with the one of this case, exhibit and label.

        Raises Refused `scope-missing`, `sender-kind`, `sandbox-push`, `media-not-kept`, `basis-missing`,
        `reference-missing`, `label-invalid`, `delivery-differs`.
        """
        _require_may_push(admitted)
        delivery = _delivery(admitted, new)
        require_stated(delivery)
        now = self.clock()
        with self.store.writing() as unit:
            submission = unit.submissions.open(delivery, now)
            if submission.delivery != delivery:
                raise Refused(
                    "delivery-differs", "This push was begun under another basis, handling or sharing: give the same."
                )
            unit.submissions.set_state(submission.id, SubmissionState.RECEIVING, None)
            public_id = unit.pushes.open(submission.id, secrets.token_hex(16), admitted.sender.id, now)
            details: dict[str, str | int | None] = {
                "step": "begun",
                "in_place": 0,
                "basis": delivery.basis,
                "sender": admitted.sender.id,
                "key": admitted.key.id,
            }
            unit.custody.append([self._event(submission.id, details, now)])
            files = unit.pushes.count_recorded(submission.id)
            unit.commit()
        return OpenPush(public_id, submission.id, files)

    def offer(
        self, admitted: Admitted, public_id: str, offers: Sequence[Offer], problems: Sequence[Problem] = ()
    ) -> list[OfferAnswer]:
        """What is to be done with each file, in order. What this sender's case holds already is recorded at once."""
        _require_may_push(admitted)
        with self.store.reading() as unit:
            push = _open_push(unit, admitted, public_id)
            there = unit.pushes.recorded_at(push.submission_id, [offer.path for offer in offers])
            digests = [offer.sha256 for offer in offers if offer.sha256]
            held = unit.pushes.held_in_case(push.sender_id, push.case_ref, digests)
            begun = {(kept.path, kept.length): kept for kept in unit.uploads.open_of_push(push.submission_id)}
        answers = [_answered(offer, there, held, begun) for offer in offers]
        self._record_offers(push, _brought(offers, answers, there, held), problems)
        return answers

    def take_pack(self, admitted: Admitted, public_id: str, files: Sequence[PackedFile]) -> list[OfferState]:
        """Small files with their bytes: sealed together, recorded in one commit. Raises Unavailable."""
        _require_may_push(admitted)
        with self.store.reading() as unit:
            push = _open_push(unit, admitted, public_id)
        digests = _digested([one.data for one in files])
        sound = [
            (one, found)
            for one, found in zip(files, digests, strict=True)
            if one.offer.sha256 in {None, found.sha256} and one.offer.size == len(one.data)
        ]
        with self.store.reading() as unit:
            held = unit.items.sealed_among([found.sha256 for _, found in sound])
        news: list[tuple[NewItem, Found]] = []
        with self.vault.writer() as writer:
            for one, found in sound:
                sealed = None
                if found.sha256 not in held:
                    held.add(found.sha256)
                    sealed = sealed_row(writer.seal([one.data]))
                kind = ItemKind(kind_of(one.data[:SNIFF_BYTES]))
                place = Found(one.offer.path, one.offer.size, one.offer.mtime_ns)
                news.append((NewItem(found, len(one.data), kind, depth=0, sealed=sealed), place))
            writer.sync()
        with self.store.writing() as unit:
            _open_push(unit, admitted, public_id)
            record_found(unit, push.submission_id, news, self.clock(), self.actor, "push")
            unit.commit()
        good = {id(one) for one, _ in sound}
        return [OfferState.RECORDED if id(one) in good else OfferState.MISMATCH for one in files]

    def open_upload(self, admitted: Admitted, public_id: str, offer: Offer) -> KeptUpload:
        """An upload of a large file of this push. Raises as `Uploading.open_in` does."""
        _require_may_push(admitted)
        with self.store.writing() as unit:
            push = _open_push(unit, admitted, public_id)
            new = NewUpload(
                length=offer.size,
                stated=sha256_stated(offer.sha256) if offer.sha256 else (),
                submission_id=push.submission_id,
                path=offer.path,
                mtime_ns=offer.mtime_ns,
            )
            kept = self.uploading.open_in(unit, admitted, new)
            unit.commit()
        if not offer.size:
            self.uploading.arrivals.set()
        return kept

    def finish(self, admitted: Admitted, public_id: str, manifest: bytes) -> SummedUp:
        """Compare what is recorded with what its sender has. Where both agree, the submission is received whole.

        Raises Conflict `push-waiting` while an upload that is whole is not yet taken.
        """
        _require_may_push(admitted)
        with self.store.reading() as unit:
            push = _open_push(unit, admitted, public_id)
            if any(kept.is_whole for kept in unit.uploads.open_of_push(push.submission_id)):
                self.uploading.arrivals.set()
                raise Conflict("push-waiting", "What has arrived is still being sealed: ask again in a moment.")
            ours = Manifest()
            for one in unit.pushes.all_recorded(push.submission_id):
                ours.add(one.path, one.size, one.sha256)
        summed = SummedUp(ours.digest() == manifest, ours.digest(), ours.files, ours.bytes, push.submission_id)
        if summed.is_equal:
            self._close(admitted, summed)
        return summed

    def _close(self, admitted: Admitted, summed: SummedUp) -> None:
        now = self.clock()
        submission_id = summed.submission_id
        details: dict[str, str | int | None] = {
            "step": "complete",
            "files": summed.files,
            "bytes": summed.bytes,
            "manifest": summed.manifest.hex(),
            "sender": admitted.sender.id,
            "key": admitted.key.id,
        }
        with self.store.writing() as unit:
            unit.pushes.finish(submission_id, summed.manifest, now)
            unit.uploads.drop_of_push(submission_id)
            unit.submissions.set_state(submission_id, SubmissionState.RECEIVED, now)
            unit.custody.append([self._event(submission_id, details, now)])
            settle(unit, [submission_id])
            unit.commit()

    def _record_offers(
        self, push: KeptPush, brought: Sequence[tuple[HeldItem, Found]], problems: Sequence[Problem]
    ) -> None:
        if not brought and not problems:
            return
        notes = [(problem.path, ProcessingNote(problem.code)) for problem in problems if problem.code in _PROBLEMS]
        with self.store.writing() as unit:
            record_held(unit, push.submission_id, brought)
            unit.submissions.add_source_notes(push.submission_id, notes, self.clock())
            unit.commit()

    def _event(self, submission_id: int, details: dict[str, str | int | None], now: datetime) -> CustodyEvent:
        return CustodyEvent(now, self.actor, CustodyAction.RECEIVED, f"submission:{submission_id}", "push", details)


def _require_may_push(admitted: Admitted) -> None:
    admitted.require(Scope.PUSH)
    if admitted.sender.kind is not SenderKind.UNIT:
        raise Refused("sender-kind", "Only a unit pushes seizures.")
    if admitted.key.sandbox:
        raise Refused("sandbox-push", "A sandbox key pushes nothing: what is pushed is evidence.")
    if not admitted.sender.keeps_media:
        raise Refused("media-not-kept", "No media of this sender may be kept.")


def _delivery(admitted: Admitted, new: NewPush) -> Delivery:
    legal, label = admitted.sender.legal, new.label.encode()
    if not 0 < len(label) <= _LONGEST_LABEL:
        raise Refused("label-invalid", "Give the source a label: which machine, which folder.")
    return Delivery(
        case_ref=new.case_ref,
        exhibit_ref=new.exhibit_ref,
        basis=new.basis or legal.acquired_under,
        source=b"push:%d:" % admitted.sender.id + label,
        origin=Origin.UNIT,
        may_share_with=legal.may_share_with if new.may_share_with is None else new.may_share_with,
        handling=legal.handling if new.handling is None else new.handling,
    )


def _open_push(unit: Unit, admitted: Admitted, public_id: str) -> KeptPush:
    push = unit.pushes.named(public_id, admitted.sender.id)
    if push.finished_at is not None:
        raise Conflict("push-finished", "This push is finished: open it again to send more.")
    return push


def _answered(
    offer: Offer,
    there: Mapping[bytes, Recorded],
    held: Mapping[bytes, HeldItem],
    begun: Mapping[tuple[bytes, int], KeptUpload],
) -> OfferAnswer:
    known = there.get(offer.path)
    stands = known is not None and (known.size, known.mtime_ns) == (offer.size, offer.mtime_ns)
    if known and stands and offer.sha256 in {None, known.sha256}:
        return OfferAnswer(OfferState.RECORDED, known.sha256)
    if offer.sha256 is None:
        return OfferAnswer(OfferState.HASH)
    if offer.sha256 in held:
        return OfferAnswer(OfferState.RECORDED, offer.sha256)
    upload = begun.get((offer.path, offer.size))
    if upload and upload.stated.get("sha256") == offer.sha256.hex():
        return OfferAnswer(OfferState.RESUME, upload=upload.public_id)
    return OfferAnswer(OfferState.SEND)


def _brought(
    offers: Sequence[Offer],
    answers: Sequence[OfferAnswer],
    there: Mapping[bytes, Recorded],
    held: Mapping[bytes, HeldItem],
) -> list[tuple[HeldItem, Found]]:
    """Places of held items that are not recorded yet."""
    return [
        (held[offer.sha256], Found(offer.path, offer.size, offer.mtime_ns))
        for offer, answer in zip(offers, answers, strict=True)
        if answer.state is OfferState.RECORDED
        and offer.sha256
        and (offer.path not in there or there[offer.path].sha256 != offer.sha256)
    ]


def _digested(datas: Sequence[bytes]) -> list[Digests]:
    """Digests of all, in order; of many together, which costs less than one by one."""
    order = sorted(range(len(datas)), key=lambda position: len(datas[position]))
    found: dict[int, Digests] = {}
    for start in range(0, len(order), LANES):
        group = order[start : start + LANES]
        found.update(zip(group, digests_of_many([datas[position] for position in group]), strict=True))
    return [found[position] for position in range(len(datas))]
