"""What a stage may use: the application's services and this thread's chamber."""

from __future__ import annotations

from dataclasses import dataclass

from triage.bootstrap import Application
from triage.chamber.parent import Chamber


@dataclass(frozen=True, slots=True)
class StageContext:
    """Handed to every stage; the chamber belongs to the calling thread."""

    application: Application
    chamber: Chamber
