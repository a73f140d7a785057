"""The first tables.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them."""
    _current_state()
    _runs()
    _releases()
    _event_log()


def _current_state() -> None:
    op.create_table(
        "domain",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_domain"),
    )
    op.create_table(
        "product",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("domain", "name", name="pk_product"),
    )
    op.create_table(
        "port",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("direction", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("major", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["domain", "product"], ["product.domain", "product.name"], name="fk_port_product", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain", "product", "direction", "name", "major", name="pk_port"),
    )
    op.create_table(
        "contract",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("direction", sa.String(255), nullable=False),
        sa.Column("port", sa.String(255), nullable=False),
        sa.Column("port_major", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("major", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("api_version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain", "product", "direction", "port", "port_major"],
            ["port.domain", "port.product", "port.direction", "port.name", "port.major"],
            name="fk_contract_port",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("domain", "product", "direction", "port", "port_major", name="pk_contract"),
    )
    op.create_index("ix_contract_contract_id", "contract", ["contract_id"])
    op.create_table(
        "data_table",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("major", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("port", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("schema_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("granularity", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["domain", "product"], ["product.domain", "product.name"], name="fk_data_table_product", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain", "product", "name", "major", name="pk_data_table"),
    )


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("status", sa.String(255), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.String(27), nullable=True),
        sa.Column("fence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("release_id", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_run"),
        sa.UniqueConstraint("id", name="uq_run_id"),
    )
    op.create_index("ix_run_domain_product_number", "run", ["domain", "product", "number"])
    op.create_index("ix_run_status_number", "run", ["status", "number"])
    op.create_table(
        "lease",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("ends_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_lease_run"),
        sa.PrimaryKeyConstraint("domain", "product", name="pk_lease"),
    )
    op.create_table(
        "step",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("status", sa.String(255), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.Column("rows", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("bytes", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_step_run"),
        sa.PrimaryKeyConstraint("number", name="pk_step"),
        sa.UniqueConstraint("run_id", "name", name="uq_step_run_id_name"),
    )
    op.create_table(
        "check_result",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("table_name", sa.String(255), nullable=False),
        sa.Column("major", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("status", sa.String(255), nullable=False),
        sa.Column("severity", sa.String(255), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("failed_rows", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("total_rows", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("measured", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("dimension", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_check_result_run"),
        sa.PrimaryKeyConstraint("number", name="pk_check_result"),
    )
    op.create_index("ix_check_result_run_id_number", "check_result", ["run_id", "number"])
    op.create_index("ix_check_result_table", "check_result", ["domain", "product", "table_name", "major", "number"])
    op.create_table(
        "failed_row",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("table_name", sa.String(255), nullable=False),
        sa.Column("major", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_failed_row_run"),
        sa.PrimaryKeyConstraint("number", name="pk_failed_row"),
    )
    op.create_index("ix_failed_row_run_id_number", "failed_row", ["run_id", "number"])


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=True),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("visible", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("checks_passed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("warnings", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_release_run"),
        sa.PrimaryKeyConstraint("number", name="pk_release"),
        sa.UniqueConstraint("domain", "product", "sequence", name="uq_release_domain_product_sequence"),
        sa.UniqueConstraint("visible", "domain", "product", name="uq_release_visible_domain_product"),
        sa.UniqueConstraint("id", name="uq_release_id"),
    )
    op.create_table(
        "release_table",
        sa.Column("release_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("major", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("port", sa.String(255), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("schema_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("contract_version", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bytes", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name="fk_release_table_release"),
        sa.PrimaryKeyConstraint("release_id", "name", "major", name="pk_release_table"),
    )


def _event_log() -> None:
    op.create_table(
        "event",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_event"),
        sa.UniqueConstraint("id", name="uq_event_id"),
    )
    op.create_index("ix_event_subject_sequence", "event", ["subject", "sequence"])
    op.create_index("ix_event_type_sequence", "event", ["type", "sequence"])
