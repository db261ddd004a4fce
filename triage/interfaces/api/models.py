"""What a request and an answer may hold: bounded, closed to anything else, and turned into domain values."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hashsets.vocabulary import Digest, DigestAlgorithm, Fingerprint, FingerprintAlgorithm, Profile
from triage.domain.authorities import AuthorityKind, NewAuthority
from triage.domain.feedback import Feedback
from triage.domain.outcomes import OutcomeCode
from triage.domain.reports import (
    ClockNote,
    FileFacts,
    FileMark,
    Identifier,
    IdentifierKind,
    Incident,
    IncidentType,
    Party,
    Relevance,
    ReportFacts,
    ReportState,
    Role,
    Viewed,
)
from triage.services.knowing import Known

_NO_NUL = r"^[^\x00]*$"
Word = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
Line = Annotated[str, StringConstraints(max_length=2_000, pattern=_NO_NUL)]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=_NO_NUL)]
Url = Annotated[str, StringConstraints(max_length=4_000, pattern=_NO_NUL)]
Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_NUL)]
PartName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
PublicId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Md5 = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{32}$")]
Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{40}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$")]
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{16,64}$")]

MOST_FILES = 1_000
MOST_IDENTIFIERS = 200
MOST_PARTIES = 200


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class IdentifierGiven(_Given):
    """What points to a person, an account, a device or a place on the network."""

    kind: IdentifierKind
    value: Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=_NO_NUL)]
    service: Word = ""
    scheme: Word = ""
    event: Word = Field(default="", description="upload, login, registration, purchase or another word")
    at: AwareDatetime | None = Field(default=None, description="When it was seen, with its zone")
    port: int | None = Field(default=None, ge=0, le=65_535)
    country: Country = ""
    possible_proxy: bool | None = None
    verified: bool | None = None

    def facts(self) -> Identifier:
        """The same for the domain."""
        return Identifier(
            kind=self.kind,
            value=self.value,
            service=self.service,
            scheme=self.scheme,
            event=self.event,
            at=self.at,
            port=self.port,
            country=self.country,
            possible_proxy=self.possible_proxy,
            verified=self.verified,
        )


class PartyGiven(_Given):
    """A person or account of the incident."""

    role: Role
    identifiers: list[IdentifierGiven] = Field(default_factory=list, max_length=MOST_IDENTIFIERS)
    note: Text = ""


class IncidentGiven(_Given):
    """What happened."""

    types: list[IncidentType] = Field(min_length=1, max_length=20)
    at: AwareDatetime | None = Field(default=None, description="When, with its zone")
    platform: Word = ""
    escalated: bool = False
    summary: Text = ""


class FingerprintGiven(_Given):
    """A perceptual value that the sender computed; PDQ has a quality from 0 to 100."""

    algorithm: FingerprintAlgorithm
    value: Hex
    quality: int | None = Field(default=None, ge=0, le=100)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.value) != 2 * self.algorithm.size:
            raise ValueError("the value is not as long as the algorithm's")
        return self

    def facts(self) -> Fingerprint:
        """The same for the domain. Of PDQ senders compute it from the whole picture."""
        is_pdq = self.algorithm is FingerprintAlgorithm.PDQ
        profile = Profile.PDQ_FULL if is_pdq else Profile.IMAGEHASH
        return Fingerprint(self.algorithm, profile, bytes.fromhex(self.value), self.quality)


class DetailGiven(_Given):
    """A value that the sender read from the file."""

    name: Word
    value: Line


class FileGiven(_Given):
    """A file of a report: what is said of it, and where its bytes are in this request, if they are."""

    name: Line = Field(default="", description="As the sender's user called it. Never used as a path")
    viewed: Viewed = Field(default=Viewed.UNKNOWN, description="Whether a person at the sender opened the file")
    metadata_viewed: Viewed = Viewed.UNKNOWN
    publicly_available: bool | None = None
    relevance: Relevance = Relevance.REPORTED
    classification: Word = Field(default="", description="The sender's own, with its scheme, such as `ncmec:A1`")
    marks: list[FileMark] = Field(default_factory=list, max_length=20)
    uploaded_at: AwareDatetime | None = None
    url: Url = Field(default="", description="Recorded, and never fetched")
    md5: Md5 | None = None
    sha1: Sha1 | None = None
    sha256: Sha256 | None = None
    fingerprints: list[FingerprintGiven] = Field(default_factory=list, max_length=20)
    identifiers: list[IdentifierGiven] = Field(default_factory=list, max_length=MOST_IDENTIFIERS)
    details: list[DetailGiven] = Field(default_factory=list, max_length=200)
    note: Text = ""
    part: PartName | None = Field(
        default=None, description="The name of the part of this request that holds its bytes"
    )
    bytes: Literal["later"] | None = Field(
        default=None, description="`later`: its bytes come by tus to the address that the answer tells as `upload`"
    )
    size: int | None = Field(default=None, ge=0, le=1 << 62, description="How many bytes come later")

    @model_validator(mode="after")
    def _sized(self) -> Self:
        if (self.bytes is None) != (self.size is None):
            raise ValueError("bytes that come later need a size, and a size needs them")
        if self.bytes and self.part:
            raise ValueError("its bytes come now or later")
        return self

    def facts(self) -> FileFacts:
        """The same for the domain."""
        return FileFacts(
            name=self.name,
            viewed=self.viewed,
            metadata_viewed=self.metadata_viewed,
            publicly_available=self.publicly_available,
            relevance=self.relevance,
            classification=self.classification,
            marks=tuple(self.marks),
            uploaded_at=self.uploaded_at,
            url=self.url,
            digests=_digests(self.md5, self.sha1, self.sha256),
            fingerprints=tuple(one.facts() for one in self.fingerprints),
            identifiers=tuple(one.facts() for one in self.identifiers),
            details=tuple((one.name, one.value) for one in self.details),
            note=self.note,
        )


class ReportGiven(_Given):
    """A report. With `finish` it is complete, and taken in the same request."""

    reference: Reference | None = Field(default=None, description="The sender's own name for it, used once")
    incident: IncidentGiven
    parties: list[PartyGiven] = Field(default_factory=list, max_length=MOST_PARTIES)
    urls: list[Url] = Field(default_factory=list, max_length=1_000, description="Recorded, and never fetched")
    note: Text = ""
    files: list[FileGiven] = Field(default_factory=list, max_length=MOST_FILES)
    finish: bool = False

    def facts(self) -> ReportFacts:
        """The same for the domain, without the files."""
        incident = self.incident
        return ReportFacts(
            Incident(
                types=tuple(incident.types),
                at=incident.at,
                platform=incident.platform,
                escalated=incident.escalated,
                summary=incident.summary,
            ),
            parties=tuple(
                Party(one.role, tuple(identifier.facts() for identifier in one.identifiers), one.note)
                for one in self.parties
            ),
            urls=tuple(self.urls),
            note=self.note,
        )


class DigestsGiven(_Given):
    """A file by its digests; one at least."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [name]} for name in ("md5", "sha1", "sha256")]}
    )

    md5: Md5 = Field(default_factory=str)
    sha1: Sha1 = Field(default_factory=str)
    sha256: Sha256 = Field(default_factory=str)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.md5 or self.sha1 or self.sha256):
            raise ValueError("one digest at least is needed")
        return self

    def digests(self) -> tuple[Digest, ...]:
        """The same for the domain."""
        return _digests(self.md5, self.sha1, self.sha256)


class KnownAsked(_Given):
    """Files of which is asked whether they are known."""

    files: list[DigestsGiven] = Field(min_length=1, max_length=MOST_FILES)


def _digests(md5: str | None, sha1: str | None, sha256: str | None) -> tuple[Digest, ...]:
    """Those that are told, from hexadecimal."""
    told = ((DigestAlgorithm.MD5, md5), (DigestAlgorithm.SHA1, sha1), (DigestAlgorithm.SHA256, sha256))
    return tuple(Digest(algorithm, bytes.fromhex(value)) for algorithm, value in told if value)


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileTold(_Told):
    """A file of a report. `known` only where the key has the scope `known`; the SHA-256 is what we measured."""

    id: PublicId
    state: str = Field(description="told: digests only; awaited; arrived; failed")
    known: Known | None
    sha256: Sha256 | None
    size: int | None = Field(description="Bytes that arrived")
    upload: str | None = Field(description="Where its bytes are awaited, by tus 1.0")


class ReportTold(_Told):
    """Where a report stands."""

    id: PublicId
    reference: str | None
    state: ReportState
    sandbox: bool
    opened_at: AwareDatetime
    expires_at: AwareDatetime | None = Field(description="An open report is dropped then")
    ended_at: AwareDatetime | None
    notes: list[ClockNote] = Field(description="What was odd about it; it was taken all the same")
    files: list[FileTold]
    receipt: Sha256 | None = Field(description="Once it is finished: the digest that stands in our custody log")


class FileOutcomeTold(_Told):
    """What became of a file."""

    id: PublicId
    outcome: Feedback


class OutcomeTold(_Told):
    """What became of a report and of its files, by machine (`outcome`) and in the hands of people (`became`)."""

    id: PublicId
    outcome: Feedback
    became: list[OutcomeCode] = Field(description="What people recorded of the case it is part of, the latest last")
    files: list[FileOutcomeTold]


class KnownTold(_Told):
    """One answer for each file, in the order in which they were asked."""

    files: list[Known]


class ErrorBody(_Told):
    """What is wrong: a stable code, and a sentence for people."""

    code: str
    sentence: str


class ErrorTold(_Told):
    """Every error of every door that speaks JSON."""

    error: ErrorBody


class AuthorityGiven(_Given):
    """What lets somebody look at what nobody at its sender opened."""

    kind: AuthorityKind
    reference: Reference
    person: Reference
    given_at: AwareDatetime
    item: Annotated[str, StringConstraints(pattern=r"^I-[0-9]{1,18}$")] | None = None

    def facts(self, submission_id: int) -> NewAuthority:
        """The same for the domain."""
        return NewAuthority(
            kind=self.kind,
            reference=self.reference,
            person=self.person,
            given_at=self.given_at,
            submission_id=submission_id,
            item_id=int(self.item.removeprefix("I-")) if self.item else None,
        )


class AuthorityTold(BaseModel):
    """An authority as recorded."""

    authority: str
    submission: str
    item: str | None
    kind: AuthorityKind
    reference: str
    person: str
    given_at: AwareDatetime
    recorded_at: AwareDatetime
