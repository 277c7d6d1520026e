"""The currency of the account that an import belongs to: it says how many decimals its amounts have."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Empty for earlier imports: those that still wait are read with two decimals, as before."""
    op.add_column("imports", sa.Column("currency", sa.String(3), nullable=True))
