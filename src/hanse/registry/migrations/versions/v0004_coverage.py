"""Coverage: which ranges of a table that is built range by range are in a snapshot.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. No table released so far was built range by range."""
    op.add_column("release_table", sa.Column("coverage", sa.Text(), nullable=True))
