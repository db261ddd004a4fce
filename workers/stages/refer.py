from triage.domain.jobs import Lease
from workers.context import StageContext


def refer(lease: Lease, context: StageContext) -> None:
    """Put a submission's network into its referral."""
    context.application.referring.refer(lease)
