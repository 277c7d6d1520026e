"""Verified addresses, requests that need a mail, attempts by client. Only adds; login_attempts stays."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column and make the tables."""
    op.add_column("users", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    _account_requests()
    _attempts()


def _account_requests() -> None:
    op.create_table(
        "account_requests",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("password_hash", sa.Text, nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account_requests"),
        sa.UniqueConstraint("token_hash", name="uq_account_requests_token_hash"),
    )
    op.create_index("ix_account_requests_email", "account_requests", ["email"])
    op.create_index("ix_account_requests_asked_at", "account_requests", ["asked_at"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_client_at", "attempts", ["client", "at"])
