"""On what terms a source lets us have a set: its licence, who may use it, who may share it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sharing(StrEnum):
    """With whom a release may be shared. The program keeps to `NOBODY`; the rest is for people to keep to."""

    UNSTATED = "unstated"
    NOBODY = "nobody"  # it stays here: no export, whole or in part
    SOURCE = "source"  # only back to its source
    PARTNERS = "partners"  # with whom the source has agreed, as the licence names them
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Terms:
    """`licence` and `may_use` are texts for people, `may_share` a word that the program checks."""

    licence: str = ""
    may_use: str = ""
    may_share: Sharing = Sharing.UNSTATED

    @property
    def forbid_sharing(self) -> bool:
        """Whether the release stays here."""
        return self.may_share is Sharing.NOBODY

    def document(self) -> dict[str, str]:
        """As a manifest keeps them."""
        return {"licence": self.licence, "may_use": self.may_use, "may_share": self.may_share.value}

    @classmethod
    def of_document(cls, document: dict[str, str]) -> Terms:
        """What `document` gave. Raises ValueError, KeyError or TypeError for anything else."""
        return cls(document["licence"], document["may_use"], Sharing(document["may_share"]))


UNSTATED = Terms()
"""Nobody has said anything."""


@dataclass(frozen=True, slots=True)
class TermsGiven:
    """What is said of a set's terms this time; None leaves it as it was."""

    licence: str | None = None
    may_use: str | None = None
    may_share: Sharing | None = None

    def over(self, before: Terms) -> Terms:
        """The terms from now on."""
        return Terms(
            before.licence if self.licence is None else self.licence,
            before.may_use if self.may_use is None else self.may_use,
            before.may_share if self.may_share is None else self.may_share,
        )


AS_BEFORE = TermsGiven()
