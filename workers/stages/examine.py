from triage.domain.jobs import Lease
from workers.context import StageContext


def examine(lease: Lease, context: StageContext) -> None:
    """Decode a batch of items once each."""
    context.application.examining.examine_batch(lease, context.chamber)
