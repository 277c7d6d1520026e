"""Budgets, their limits, the projection of spending and the common tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from coachlib.migrations import create_outbox, create_processed_events

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _projection()
    _budgets()
    create_outbox()
    create_processed_events()


def _id(name: str) -> "sa.Column[object]":
    return sa.Column(name, UUID(as_uuid=True), nullable=False)


def _text(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=False)


def _cents(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.BigInteger, nullable=False)


def _projection() -> None:
    op.create_table(
        "spending",
        _id("user_id"),
        _id("category_id"),
        _text("month"),
        _cents("spent_cents"),
        sa.PrimaryKeyConstraint("user_id", "category_id", "month", name="pk_spending"),
    )
    op.create_table(
        "category_names",
        _id("user_id"),
        _id("category_id"),
        _text("name"),
        sa.PrimaryKeyConstraint("user_id", "category_id", name="pk_category_names"),
    )


def _budgets() -> None:
    op.create_table(
        "budgets",
        _id("id"),
        _id("user_id"),
        _id("category_id"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sa.UniqueConstraint("user_id", "category_id", name="uq_budgets_user_id_category_id"),
    )
    _part("budget_limits", _text("from_month"), _cents("limit_cents"), keys=("budget_id", "from_month"))
    _part("told_states", _text("month"), _text("state"), keys=("budget_id", "month", "state"))


def _part(name: str, *columns: "sa.Column[object]", keys: tuple[str, ...]) -> None:
    """A table whose rows end with their budget."""
    op.create_table(
        name,
        _id("budget_id"),
        *columns,
        sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["budgets.id"], name=f"fk_{name}_budget_id", ondelete="CASCADE"
        ),
    )
