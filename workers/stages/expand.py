from triage.domain.jobs import Lease
from workers.context import StageContext


def expand(lease: Lease, context: StageContext) -> None:
    """Unfold one container into items."""
    context.application.expanding.expand(lease, context.chamber)
