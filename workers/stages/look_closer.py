from triage.domain.jobs import Lease
from workers.context import StageContext


def look_closer(lease: Lease, context: StageContext) -> None:
    """Decode a batch of items exactly, because their estimates could not decide."""
    context.application.examining.examine_batch(lease, context.chamber)
