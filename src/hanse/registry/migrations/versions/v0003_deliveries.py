"""Deliveries to tables that grow: which one a snapshot took in, and what it was added to.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Tables released so far were replaced as a whole, so they have none."""
    op.add_column("release_table", sa.Column("rows_key", sa.Text(), nullable=True))
    op.add_column("release_table", sa.Column("delivery", sa.Text(), nullable=True))
    op.add_column("release_table", sa.Column("parent_id", sa.BigInteger(), nullable=True))
