"""What rules said when they tied things together, told anew in the reader's language.

A tie keeps the English sentence that its rule wrote (`triage/domain/links.py`, `grounds.py`), since reports and the
custody of a decision rest on it. A page for other readers takes the values out of it and says them in their words;
what fits no pattern stays as it was written.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from .language import Speaking
from .words import N_

_TIES: Mapping[str, str] = {
    r"All within (?P<bits>\d+) of 256 bits of (?P<item>I-\d+)": N_("All within {bits} of 256 bits of {item}"),
    r"Same camera body: (?P<camera>.*), serial (?P<serial>.*)": N_("Same camera body: {camera}, serial {serial}"),
    r"In the same archive, item (?P<item>\d+)": N_("In the same archive, I-{item}"),
    r"Within about (?P<metres>[\d,]+) m of (?P<where>[-\d., ]+) and (?P<span>[\d.]+) (?P<unit>s|min|h) of "
    r"(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<clock>.*)": N_(
        "Within about {metres} m of {where} and {span} {unit} of {when} {clock}"
    ),
    r"Shared by (?P<count>[\d,]+) items, more than (?P<most>[\d,]+): too common to link": N_(
        "Shared by {count} items, more than {most}: too common to link"
    ),
    r"Both carry the same case reference": N_("Both carry the same case reference"),
    r"(?P<count>[\d,]+) (?P<what>[a-z -]+?) in both(?P<more>:.*|;.*)?": N_("{count} {what} in both{more}"),
    r": in more than (?P<count>[\d,]+) submissions each": N_(": in more than {count} submissions each"),
    r": distributed too widely": N_(": distributed too widely"),
    r": packages are passed around": N_(": packages are passed around"),
    r"; (?P<count>\d+) are needed": N_("; {count} are needed"),
}
_THINGS: Mapping[str, str] = {
    "s": N_("s"),
    "min": N_("min"),
    "h": N_("h"),
    "UTC": "UTC",
    "by the camera's clock, zone not stated": N_("by the camera's clock, zone not stated"),
    "camera body": N_("camera body"),
    "camera bodies": N_("camera bodies"),
    "unmatched content": N_("unmatched content"),
    "unmatched contents": N_("unmatched contents"),
    "camera body or unmatched content": N_("camera body or unmatched content"),
    "camera bodies or unmatched contents": N_("camera bodies or unmatched contents"),
    "known content": N_("known content"),
    "known contents": N_("known contents"),
    "look-alike unmatched picture": N_("look-alike unmatched picture"),
    "look-alike unmatched pictures": N_("look-alike unmatched pictures"),
    "occasion of pictures at one place and time": N_("occasion of pictures at one place and time"),
    "occasions of pictures at one place and time": N_("occasions of pictures at one place and time"),
    "archive": N_("archive"),
    "archives": N_("archives"),
}
"""Words of a sentence that are said by themselves."""
_PATTERNS = tuple((re.compile(pattern), template) for pattern, template in _TIES.items())


def because_told(sentence: str, say: Speaking) -> str:
    """Why a rule ties things together, in the reader's language; English as the rule said it."""
    if say.language == "en":
        return sentence
    for pattern, template in _PATTERNS:
        if found := pattern.fullmatch(sentence):
            values = {name: _value(name, value or "", say) for name, value in found.groupdict().items()}
            return say.sentences.gettext(template).format(**values)
    return sentence


def history_told(details: Mapping[str, Any], say: Speaking) -> str:
    """What a line of history says beside its words: labels, and sentences that people or rules wrote."""
    told = [f"P-{details['plan']}"] if "plan" in details else []
    told += [f"S-{one}" for one in details.get("submissions", ())]
    because = details.get("because", ())
    written = [because] if isinstance(because, str) else because
    return "; ".join([", ".join(told), *(because_told(one, say) for one in written)])


def _value(name: str, value: str, say: Speaking) -> str:
    if name == "when":
        return say.moment(dt.datetime.fromisoformat(value))
    if name == "more":
        return because_told(value, say) if value else ""
    if name in {"unit", "clock", "what"} and value in _THINGS:
        return say.sentences.gettext(_THINGS[value])
    return value
