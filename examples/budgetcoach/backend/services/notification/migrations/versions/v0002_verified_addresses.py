"""Who has verified their address, e-mails about an account, and the counts behind the limits. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and make the table."""
    op.add_column("recipients", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("emails", sa.Column("address", sa.Text, nullable=True))
    op.create_table(
        "mail_counts",
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("user_id", UUID(as_uuid=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_mail_counts"),
    )
    op.create_index("ix_mail_counts_at", "mail_counts", ["at"])
    op.create_index("ix_mail_counts_address_at", "mail_counts", ["address", "at"])
    op.create_index("ix_mail_counts_user_id_at", "mail_counts", ["user_id", "at"])
