"""What has reached the probe, and the tables behind events."""

import sqlalchemy as sa
from alembic import op

from coachlib.migrations import create_outbox, create_processed_events

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "effects",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
    )
    create_outbox()
    create_processed_events()
