"""The projection, insights, the conversation, the bills and the common tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from coachlib.migrations import create_outbox, create_processed_events

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _projection()
    _findings()
    _chat()
    create_outbox()
    create_processed_events()


def _id(name: str) -> "sa.Column[object]":
    return sa.Column(name, UUID(as_uuid=True), nullable=False)


def _text(name: str, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=nullable)


def _big(name: str, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _time(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _projection() -> None:
    op.create_table(
        "accounts", _id("user_id"), _text("currency"), sa.PrimaryKeyConstraint("user_id", name="pk_accounts")
    )
    op.create_table(
        "bookings",
        _id("id"),
        _id("user_id"),
        sa.Column("date", sa.Date, nullable=False),
        _big("amount_cents"),
        *map(_text, ("description", "merchant", "category_name")),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
    )
    op.create_index("ix_bookings_user_id_date", "bookings", ["user_id", "date"])
    op.create_table(
        "due_looks",
        _id("user_id"),
        _big("version"),
        _time("due_at"),
        _time("since"),
        sa.PrimaryKeyConstraint("user_id", name="pk_due_looks"),
    )
    op.create_index("ix_due_looks_due_at", "due_looks", ["due_at"])


def _findings() -> None:
    op.create_table(
        "findings",
        _id("id"),
        _id("user_id"),
        *map(_text, ("fingerprint", "kind", "title", "body", "severity", "month")),
        _big("amount_cents", nullable=True),
        _text("category_name", nullable=True),
        sa.Column("rank", sa.Integer, nullable=False),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sa.UniqueConstraint("user_id", "fingerprint", name="uq_findings_user_id_fingerprint"),
    )
    op.create_table(
        "told_anomalies",
        _id("user_id"),
        _text("fingerprint"),
        sa.PrimaryKeyConstraint("user_id", "fingerprint", name="pk_told_anomalies"),
    )


def _chat() -> None:
    op.create_table(
        "chat_messages",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        _id("id"),
        _id("user_id"),
        *map(_text, ("role", "text")),
        _text("provider", nullable=True),
        sa.Column("data", JSONB, nullable=True),
        _time("created_at"),
        sa.PrimaryKeyConstraint("seq", name="pk_chat_messages"),
    )
    op.create_index("ix_chat_messages_user_id", "chat_messages", ["user_id", "seq"])
    op.create_table(
        "bills",
        *map(_text, ("month", "payer")),
        _big("microcents"),
        sa.PrimaryKeyConstraint("month", "payer", name="pk_bills"),
    )
