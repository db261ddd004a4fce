"""The format's words for incidents, events and files, and ours."""

from __future__ import annotations

from collections.abc import Mapping

from triage.domain.reports import FileMark, IncidentType

INCIDENTS: Mapping[str, IncidentType] = {
    "Child Pornography (possession, manufacture, and distribution)": IncidentType.MATERIAL,
    "Child Sex Trafficking": IncidentType.TRAFFICKING,
    "Child Sex Tourism": IncidentType.TRAVEL,
    "Child Sexual Molestation": IncidentType.CONTACT_ABUSE,
    "Misleading Domain Name": IncidentType.MISLEADING_DOMAIN,
    "Misleading Words or Digital Images on the Internet": IncidentType.MISLEADING_WORDS,
    "Online Enticement of Children for Sexual Acts": IncidentType.ENTICEMENT,
    "Unsolicited Obscene Material Sent to a Child": IncidentType.UNSOLICITED,
}
ANNOTATIONS: Mapping[str, IncidentType | None] = {
    "sextortion": IncidentType.SEXTORTION,
    "csamSolicitation": IncidentType.SOLICITATION,
    "minorToMinorInteraction": IncidentType.BETWEEN_MINORS,
    "spam": IncidentType.SPAM,
    "sadisticOnlineExploitation": IncidentType.SADISTIC,
    "informational": None,  # says how urgent the sender thinks it is, not what happened: it goes to the note
}
MARKS: Mapping[str, FileMark] = {
    "animeDrawingVirtualHentai": FileMark.DRAWN,
    "potentialMeme": FileMark.MEME,
    "viral": FileMark.VIRAL,
    "possibleSelfProduction": FileMark.SELF_PRODUCED,
    "physicalHarm": FileMark.HARM,
    "violenceGore": FileMark.VIOLENCE,
    "bestiality": FileMark.ANIMAL,
    "liveStreaming": FileMark.LIVE_STREAM,
    "infant": FileMark.INFANT,
    "generativeAi": FileMark.GENERATED,
}
_TELLING: tuple[tuple[str, IncidentType], ...] = (
    ("traffick", IncidentType.TRAFFICKING),
    ("touris", IncidentType.TRAVEL),
    ("molest", IncidentType.CONTACT_ABUSE),
    ("domain", IncidentType.MISLEADING_DOMAIN),
    ("misleading", IncidentType.MISLEADING_WORDS),
    ("entice", IncidentType.ENTICEMENT),
    ("unsolicited", IncidentType.UNSOLICITED),
    ("sextortion", IncidentType.SEXTORTION),
    ("sadis", IncidentType.SADISTIC),
)


def incident_of(words: str) -> IncidentType:
    """The type that free words mean; what police units receive does not keep to a list. Else: material."""
    lowered = words.casefold()
    return next((kind for part, kind in _TELLING if part in lowered), IncidentType.MATERIAL)
