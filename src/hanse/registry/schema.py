"""The tables of the control database, in SQL that SQLite and PostgreSQL both understand.

Current state (domain, product, port, contract, data_table) is replaced by every apply; history (run, step,
check_result, failed_row, release, release_table, event) outlives it. So no foreign key leads from history to current
state: taking a product out of the mesh never takes its history along.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

from hanse.base import canonical_json

HEAD = "0004"
"""Revision that these tables are; equal to Alembic's head, so that opening a database needs no Alembic."""

VERSION_TABLE = "hanse_version"
_ID = 64
_NAME = 255
_MOMENT = 27  # 2026-01-31T23:59:59.000000Z


def moment_text(moment: datetime) -> str:
    """Spell a time so that text sorts as time does: UTC, six digits of microseconds, ``Z``.

    Raises:
        ValueError: the time has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("times are aware datetimes; this one has no time zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment_of(spelled: str) -> datetime:
    """Read what :func:`moment_text` wrote."""
    return datetime.fromisoformat(spelled)


class Moment(TypeDecorator[datetime]):
    """A time in UTC with microseconds, as text of fixed width: exact, sortable and the same in every database."""

    impl = String(_MOMENT)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - their signature
        """Spell it."""
        return None if value is None else moment_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - their signature
        """Read it."""
        return None if value is None else moment_of(value)


class Document(TypeDecorator[Any]):
    """A JSON document in its canonical spelling. None is SQL's NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - their signature
        """Spell it."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - their signature
        """Read it."""
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _name(column: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(column, String(_NAME), primary_key=key, nullable=null)


def _id(column: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(column, String(_ID), primary_key=key, nullable=null)


def _words(column: str, *, null: bool = True) -> Column[str]:
    return Column(column, Text, nullable=null)


def _whole(column: str, *, null: bool = False, key: bool = False) -> Column[int]:
    return Column(column, BigInteger, nullable=null, primary_key=key, autoincrement=False)


def _number() -> Column[int]:
    """Order of writing, given by the database."""
    return Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


domain = Table(
    "domain",
    metadata,
    _name("name", key=True),
    _id("digest"),
    _words("title"),
    _words("description"),
    _words("team"),
    _words("contact"),
)

product = Table(
    "product",
    metadata,
    _name("domain", key=True),
    _name("name", key=True),
    _id("digest"),
    _words("version", null=False),
    _words("status", null=False),
    _words("text", null=False),
    Column("document", Document, nullable=False),
    Column("applied_at", Moment, nullable=False),
)

port = Table(
    "port",
    metadata,
    _name("domain", key=True),
    _name("product", key=True),
    _name("direction", key=True),
    _name("name", key=True),
    _whole("major", key=True),
    _whole("position"),
    _name("kind"),
    _words("description"),
    _words("source"),
    ForeignKeyConstraint(["domain", "product"], ["product.domain", "product.name"], ondelete="CASCADE"),
)

contract = Table(
    "contract",
    metadata,
    _name("domain", key=True),
    _name("product", key=True),
    _name("direction", key=True),
    _name("port", key=True),
    _whole("port_major", key=True),
    _words("contract_id", null=False),
    _words("version", null=False),
    _whole("major"),
    _words("api_version", null=False),
    _words("status", null=False),
    _words("text", null=False),
    _words("path", null=False),
    ForeignKeyConstraint(
        ["domain", "product", "direction", "port", "port_major"],
        ["port.domain", "port.product", "port.direction", "port.name", "port.major"],
        ondelete="CASCADE",
    ),
    Index(None, "contract_id"),
)

data_table = Table(
    "data_table",
    metadata,
    _name("domain", key=True),
    _name("product", key=True),
    _name("name", key=True),
    _whole("major", key=True),
    _whole("position"),
    _name("port"),
    _words("description"),
    Column("columns", Document, nullable=False),
    _whole("schema_id"),
    _words("granularity"),
    ForeignKeyConstraint(["domain", "product"], ["product.domain", "product.name"], ondelete="CASCADE"),
)

run = Table(
    "run",
    metadata,
    _number(),
    _id("id"),
    _name("domain"),
    _name("product"),
    _name("status"),
    _words("key", null=False),
    _words("trigger", null=False),
    Column("started_at", Moment, nullable=False),
    Column("inputs", Document, nullable=False),
    Column("finished_at", Moment),
    _whole("fence"),
    _words("owner"),
    Column("error", Document),
    _id("release_id", null=True),
    UniqueConstraint("id"),
    Index(None, "domain", "product", "number"),
    Index(None, "status", "number"),
)

lease = Table(
    "lease",
    metadata,
    _name("domain", key=True),
    _name("product", key=True),
    _id("run_id"),
    _words("owner"),
    Column("ends_at", Moment, nullable=False),
    ForeignKeyConstraint(["run_id"], ["run.id"]),
)

step = Table(
    "step",
    metadata,
    _number(),
    _id("run_id"),
    _name("name"),
    _name("kind"),
    _name("status"),
    Column("started_at", Moment, nullable=False),
    Column("seconds", Float(53), nullable=False),
    _whole("rows", null=True),
    _whole("bytes", null=True),
    Column("output", Document, nullable=False),
    Column("error", Document),
    ForeignKeyConstraint(["run_id"], ["run.id"]),
    UniqueConstraint("run_id", "name"),
)

check_result = Table(
    "check_result",
    metadata,
    _number(),
    _id("run_id"),
    _name("domain"),
    _name("product"),
    _name("table_name"),
    _whole("major"),
    _words("check_id", null=False),
    _words("clause", null=False),
    _name("status"),
    _name("severity"),
    _words("column_name"),
    _whole("failed_rows", null=True),
    _whole("total_rows", null=True),
    Column("measured", Document),
    _words("method"),
    _words("dimension"),
    _words("message"),
    _words("error"),
    _words("path"),
    _whole("line", null=True),
    ForeignKeyConstraint(["run_id"], ["run.id"]),
    Index(None, "run_id", "number"),
    Index("ix_check_result_table", "domain", "product", "table_name", "major", "number"),
)

failed_row = Table(
    "failed_row",
    metadata,
    _number(),
    _id("run_id"),
    _name("domain"),
    _name("product"),
    _name("table_name"),
    _whole("major"),
    _words("check_id", null=False),
    _words("reason", null=False),
    Column("document", Document, nullable=False),
    ForeignKeyConstraint(["run_id"], ["run.id"]),
    Index(None, "run_id", "number"),
)

release = Table(
    "release",
    metadata,
    _number(),
    _id("id"),
    _name("domain"),
    _name("product"),
    _whole("sequence"),
    _id("run_id", null=True),
    _name("kind"),
    _words("key", null=False),
    _words("version", null=False),
    Column("created_at", Moment, nullable=False),
    # 1 for the visible release, NULL for the others: NULLs are never equal, so the database itself holds that a product
    # has at most one visible release. (A partial index would say so too, at 20 ms of import for its dialects.)
    _whole("visible", null=True),
    _whole("checks_passed"),
    _whole("warnings"),
    Column("expired_at", Moment),
    ForeignKeyConstraint(["run_id"], ["run.id"]),
    UniqueConstraint("id"),
    UniqueConstraint("domain", "product", "sequence"),
    UniqueConstraint("visible", "domain", "product"),
    Index(None, "domain", "product", "created_at"),
)

release_table = Table(
    "release_table",
    metadata,
    _id("release_id", key=True),
    _name("name", key=True),
    _whole("major", key=True),
    _whole("position"),
    _name("port"),
    _whole("snapshot_id"),
    _whole("schema_id"),
    _words("contract_id", null=False),
    _words("contract_version", null=False),
    _whole("rows"),
    _whole("bytes"),
    _words("key", null=False),
    _words("rows_key"),
    _words("delivery"),
    _whole("parent_id", null=True),
    Column("coverage", Document),
    ForeignKeyConstraint(["release_id"], ["release.id"]),
)

# Not a column of `product`, whose rows are replaced by every apply: a pause stands until somebody resumes.
pause = Table(
    "pause",
    metadata,
    _name("domain", key=True),
    _name("product", key=True),
    Column("since", Moment, nullable=False),
    _id("release_id"),
    ForeignKeyConstraint(["release_id"], ["release.id"]),
)

# Time and data are plain text here: a verifier must be able to read an entry that somebody has made unreadable.
event = Table(
    "event",
    metadata,
    _whole("sequence", key=True),
    _id("id"),
    _name("type"),
    _words("source", null=False),
    _words("subject", null=False),
    Column("time", String(_MOMENT), nullable=False),
    _words("data", null=False),
    _id("previous"),
    _id("hash"),
    UniqueConstraint("id"),
    Index(None, "subject", "sequence"),
    Index(None, "type", "sequence"),
)
