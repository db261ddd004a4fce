from triage.domain.jobs import Lease
from workers.context import StageContext


def match(lease: Lease, context: StageContext) -> None:
    """Compare a batch of items with the enabled releases."""
    context.application.matching.match_batch(lease)
