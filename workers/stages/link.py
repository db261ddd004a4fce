from triage.domain.jobs import Lease
from workers.context import StageContext


def link(lease: Lease, context: StageContext) -> None:
    """Link a submission's items to one another and to earlier ones."""
    context.application.linking.link(lease)
