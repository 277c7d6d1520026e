"""Categories, transactions, imports and the common tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from coachlib.migrations import create_outbox, create_processed_events

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _categories()
    _transactions()
    _imports()
    _import_parts()
    create_outbox()
    create_processed_events()


def _id(name: str = "id", nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def _text(name: str, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=nullable)


def _time(name: str, nullable: bool = False) -> "sa.Column[object]":
    default = None if nullable else sa.func.now()
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _number(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Integer, server_default="0", nullable=False)


def _categories() -> None:
    op.create_table(
        "ledgers", _id("user_id"), _time("created_at"), sa.PrimaryKeyConstraint("user_id", name="pk_ledgers")
    )
    op.create_table(
        "categories",
        _id(),
        _id("user_id"),
        _text("name"),
        _text("kind"),
        _text("color"),
        _text("icon"),
        _text("slug", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_categories"),
        sa.CheckConstraint("kind IN ('expense', 'income')", name="ck_categories_kind"),
    )
    op.create_index(
        "uq_categories_user_id_name", "categories", ["user_id", sa.text("lower(name)")], unique=True
    )


def _transactions() -> None:
    op.create_table(
        "transactions",
        _id(),
        _id("user_id"),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        _text("description"),
        _text("description_key"),
        _id("category_id"),
        sa.Column("category_chosen", sa.Boolean, nullable=False),
        _text("source"),
        _id("import_id", nullable=True),
        _id("dedupe_key", nullable=True),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_transactions"),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name="fk_transactions_category_id"),
        sa.UniqueConstraint("user_id", "dedupe_key", name="uq_transactions_user_id_dedupe_key"),
    )
    op.create_index("ix_transactions_user_id_date", "transactions", ["user_id", "date", "id"])
    op.create_index("ix_transactions_category_id", "transactions", ["category_id"])
    op.create_index(
        "ix_transactions_chosen",
        "transactions",
        ["user_id", "description_key"],
        postgresql_where=sa.text("category_chosen"),
    )


def _imports() -> None:
    op.create_table(
        "imports",
        _id(),
        _id("user_id"),
        _text("filename"),
        _text("status"),
        _text("error", nullable=True),
        *map(_number, ("total_lines", "done_lines", "imported", "duplicates", "failed")),
        sa.Column("format", JSONB, nullable=True),
        _text("correlation_id"),
        _number("attempts"),
        _id("lease_owner", nullable=True),
        _time("lease_until", nullable=True),
        _time("created_at"),
        _time("finished_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_user_id", "imports", ["user_id", "created_at"])
    op.create_index(
        "ix_imports_open",
        "imports",
        ["created_at"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )


def _import_parts() -> None:
    op.create_table(
        "import_chunks",
        _id("import_id"),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "seq", name="pk_import_chunks"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_chunks_import_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "import_faults",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        _id("import_id"),
        sa.Column("line", sa.Integer, nullable=False),
        _text("text"),
        _text("reason"),
        sa.PrimaryKeyConstraint("id", name="pk_import_faults"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name="fk_import_faults_import_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_import_faults_import_id", "import_faults", ["import_id", "line"])
