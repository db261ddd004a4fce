"""Where a person works: the services, who they are, and what they may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import HTMLResponse

from triage.bootstrap import Application
from triage.domain.access import Action
from triage.domain.errors import NotFound, Refused
from triage.domain.people import Principal
from triage.interfaces.web.language import Speaking
from triage.interfaces.web.pages import language_of, page, rendered
from triage.interfaces.web.sessions import Services, Signed
from triage.store.access import Subject, visible_items, visible_referrals, visible_submissions
from triage.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Desk:
    """One request of one person. The three conditions filter every list and every single thing."""

    application: Application
    who: Principal
    request: Request
    now: datetime

    @property
    def referrals(self) -> ColumnElement[bool]:
        """Which referrals the person may see."""
        return visible_referrals(self.who, self.now)

    @property
    def submissions(self) -> ColumnElement[bool]:
        """Which submissions."""
        return visible_submissions(self.who, self.now)

    @property
    def items(self) -> ColumnElement[bool]:
        """Which items."""
        return visible_items(self.who, self.now)

    @contextmanager
    def reading(self, action: Action, subject: Subject) -> Iterator[Unit]:
        """Read one thing. The policy is asked and its answer is kept before anything that was read leaves the block.

        Raises NotFound, the same for what is not there and for what the person may not see.
        """
        with ExitStack() as stack:
            try:
                unit = stack.enter_context(self.application.accessing.reading(self.who, action, subject))
            except Refused as error:
                what = f"There is no {subject.kind} {subject.kind[0].upper()}-{subject.id}."
                raise NotFound(f"no-{subject.kind}", what) from error
            yield unit

    def require_seen(self, action: Action, subject: Subject) -> None:
        """Whoever may not see it is not told that it is there. Raises NotFound, as `reading`."""
        with self.reading(action, subject):
            pass

    @property
    def speaking(self) -> Speaking:
        """How the person is spoken to."""
        return Speaking(language_of(self.request, self.who), self.who.time_zone)

    def page(self, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page for this person."""
        return page(self.request, template, who=self.who, status=status, **values)

    def part(self, template: str, /, **values: Any) -> str:
        """A part of a page, without anything that acts."""
        return rendered(self.request, template, who=self.who, nonce="", **values)


async def desk(request: Request, services: Services, signed: Signed) -> Desk:
    """The desk of whoever is signed in. Raises SignInNeededError. Waits for nothing, and so needs no thread."""
    return Desk(services, signed.principal, request, services.accessing.clock())


AtDesk = Annotated[Desk, Depends(desk)]
