"""Which items are flagged as violent: by what senders mark files as, and by tags of entries that match."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from triage.domain.exposure import Flagging

from .intake_tables import reported_file
from .tables import look_alike, match


def is_flagged(connection: Connection, item_id: int, flagging: Flagging) -> bool:
    """Whether the item, or anything of its group of look-alikes, is flagged. One sender or one set is enough."""
    mine = select(look_alike.c.centre_id).where(look_alike.c.item_id == item_id)
    group = select(look_alike.c.item_id).where(look_alike.c.centre_id.in_(mine))
    marks = _has_any(reported_file.c.facts["marks"].as_string(), [one.value for one in flagging.marks])
    tags = _has_any(func.lower(match.c.opinion["tags"].as_string()), flagging.tags)
    for held, said in (
        (reported_file.c.item_id, [marks]),
        (match.c.item_id, [match.c.ended_at.is_(None), tags]),
    ):
        its = or_(held == item_id, held.in_(group))
        if connection.execute(select(exists().where(its, *said))).scalar_one():
            return True
    return False


def _has_any(words: Any, wanted: Any) -> Any:
    """Whether a list of words in JSON, as text, has one of these, which have no quotation marks or wildcards."""
    return or_(False, *(words.like(f'%"{one}"%') for one in wanted))
