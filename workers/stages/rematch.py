from triage.domain.jobs import Lease
from workers.context import StageContext


def rematch(lease: Lease, context: StageContext) -> None:
    """Compare a batch of answered items with what is in force now, or list what is to be compared."""
    context.application.rematching.rematch(lease)
