"""What each address of the door does, once its request is read: from documents to services and back to numbers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from hashsets.vocabulary import Digest
from triage.bootstrap import Application
from triage.domain.errors import Refused
from triage.domain.reports import Door, FileFacts
from triage.interfaces.api.admission import Pace
from triage.interfaces.cybertip.file_facts import file_details
from triage.interfaces.cybertip.reading_xml import Node, XmlLimits, read_xml
from triage.interfaces.cybertip.report_facts import report_facts
from triage.interfaces.cybertip.schema_text import schema_text
from triage.interfaces.cybertip.validating import validate
from triage.services.admitting import Admitted
from triage.settings import IspwsSettings

from .answers import About
from .bodies import Budget, Form
from .schema_file import SchemaFile, read_schema

_DIGITS = 18
_TIMES_IN_MEMORY = 8


@dataclass
class IspwsDoor:
    """The door of a deployment that is opened when it is first asked."""

    open_it: Callable[[], Application]
    _kept: dict[str, SchemaFile] = field(default_factory=dict)

    @property
    def settings(self) -> IspwsSettings:
        """What is set for it."""
        return self.open_it().settings.ispws

    @cached_property
    def budget(self) -> Budget:
        """Of files in memory."""
        return Budget(_TIMES_IN_MEMORY * self.settings.upload_bytes)

    @cached_property
    def pace(self) -> Pace:
        """How fast a key may ask at this door: as at `/v1`, counted apart."""
        api = self.open_it().settings.api
        return Pace(api.requests_per_second, api.burst)

    def admit(self, authorization: str) -> Admitted:
        """Whose name and password of HTTP Basic these are: a key's prefix and its secret.

        Raises Refused, TooManyRequests.
        """
        scheme, _, coded = authorization.partition(" ")
        try:
            name, _, secret = base64.b64decode(coded.strip(), validate=True).decode("ascii").partition(":")
        except (binascii.Error, ValueError):
            name = secret = ""
        if scheme.lower() != "basic":
            raise Refused("key-unknown", "There is no such key.")
        admitted = self.open_it().admitting.admit(f"{name}.{secret}")
        self.pace.take(admitted.key.id)
        return admitted

    def schema(self) -> bytes:
        """The schema that clients may read: the administrator's, or what this program accepts."""
        own = self._own_schema()
        return own.document if own else schema_text().encode()

    def submit(self, admitted: Admitted, document: bytes) -> About:
        """Open a report. Raises Unreadable `xml-malformed`, `xml-invalid`, and what the service raises."""
        facts = report_facts(self._validated(document, "report"))
        application = self.open_it()
        opened = application.taking_reports.open(admitted, Door.ISPWS, facts)
        return About(application.numbering_reports.number_of(admitted, opened.public_id))

    def upload(self, admitted: Admitted, report_id: int, form: Form) -> About:
        """Add a file to an open report. Raises Refused `form-invalid`, and what the service raises."""
        if form.file is None:
            raise Refused("form-invalid", "The form has no file.")
        application = self.open_it()
        public_id = application.numbering_reports.public_id_of(admitted, report_id)
        data, form.file = bytes(form.file), None  # what was read is not held twice
        added = application.taking_reports.add_file(admitted, public_id, FileFacts(name=form.file_name), data)
        md5 = added.measured.digests.md5.hex() if added.measured else None
        return About(report_id, added.public_id, md5)

    def describe(self, admitted: Admitted, document: bytes, asked: About) -> About:
        """Say something of a file. `asked` is told which report is meant. Raises as `submit`, NotFound."""
        details = file_details(self._validated(document, "fileDetails"))
        asked.report_id = details.report_id
        application = self.open_it()
        kept = application.numbering_reports.file_of(admitted, details.report_id, details.file_id)
        public_id = application.numbering_reports.public_id_of(admitted, details.report_id)
        digests = kept.measured.digests.as_digests() if kept.measured else ()
        facts = _of_the_original(details.facts, digests)
        if not facts.name:
            facts = replace(facts, name=kept.facts.name)
        application.taking_reports.describe_file(admitted, public_id, details.file_id, facts)
        return About(details.report_id, details.file_id)

    def finish(self, admitted: Admitted, report_id: int) -> list[str]:
        """Finish a report; the ids of its files. Raises what the service raises."""
        application = self.open_it()
        public_id = application.numbering_reports.public_id_of(admitted, report_id)
        return [file.public_id for file in application.taking_reports.finish(admitted, public_id).files]

    def retract(self, admitted: Admitted, report_id: int) -> About:
        """Let go of a report. Raises what the service raises."""
        application = self.open_it()
        application.taking_reports.retract(admitted, application.numbering_reports.public_id_of(admitted, report_id))
        return About(report_id)

    def _validated(self, document: bytes, root: str) -> Node:
        node = read_xml(document, XmlLimits(document_bytes=self.settings.document_bytes))
        validate(node, root)
        own = self._own_schema()
        if own:
            own.validate(node)
        return node

    def _own_schema(self) -> SchemaFile | None:
        path = self.settings.xsd
        if path and path not in self._kept:
            self._kept[path] = read_schema(Path(path))
        return self._kept.get(path)


def number_in(form: Form) -> int:
    """The report's number in a form. Raises Refused `form-invalid`."""
    words = form.fields.get("id", "").strip()
    if not (words.isascii() and words.isdecimal()) or len(words) > _DIGITS:
        raise Refused("form-invalid", "The form has no id, or one that is no number.")
    return int(words)


def _of_the_original(facts: FileFacts, measured: tuple[Digest, ...]) -> FileFacts:
    """Hashes are of the file as it was uploaded there, before the sender changed it: others than ours are no fault.

    Those that differ from the bytes' own are kept under their names; they are digests of bytes that are not here.
    """
    if not measured:
        return facts
    others = [(f"original {one.algorithm}", one.value.hex()) for one in facts.digests if one not in measured]
    agreeing = tuple(one for one in facts.digests if one in measured)
    return replace(facts, digests=agreeing, details=(*others, *facts.details))
