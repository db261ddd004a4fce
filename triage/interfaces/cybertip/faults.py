"""What is wrong with a document: a code, a place, and never a word of its content."""

from __future__ import annotations

from triage.domain.errors import Unreadable


class MalformedXml(Unreadable):
    """No XML document that we read: not well-formed, or it holds what no report needs (a DTD, entities)."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__("xml-malformed", f"Line {line}: {sentence}")
        self.line = line


class InvalidXml(Unreadable):
    """XML, but no document of this format. Only names that the model has are told."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__("xml-invalid", f"Line {line}: {sentence}")
        self.line = line
