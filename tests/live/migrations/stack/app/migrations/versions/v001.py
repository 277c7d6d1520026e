"""The tables that the shop uses."""

from alembic import op

revision, down_revision = "001", None


def upgrade():
    op.execute("CREATE TABLE customers (id bigint PRIMARY KEY, name text)")
    op.execute(
        "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint, note text)"
    )
    op.execute("INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 100) n")
    op.execute("INSERT INTO orders (customer, note) SELECT 1 + n % 100, 'o' FROM generate_series(1, 20000) n")
