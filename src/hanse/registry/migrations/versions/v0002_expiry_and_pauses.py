"""Releases that expire, and products that are paused after a rollback.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("release", sa.Column("expired_at", sa.String(27), nullable=True))
    op.create_index("ix_release_domain_product_created_at", "release", ["domain", "product", "created_at"])
    op.create_table(
        "pause",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("release_id", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name="fk_pause_release"),
        sa.PrimaryKeyConstraint("domain", "product", name="pk_pause"),
    )
