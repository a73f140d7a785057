"""The same contract and rows in every database and in the engine: the same verdicts, counts and failing rows."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.base import TableName, new_id
from hanse.drivers.dbapi import open_hosted
from hanse.drivers.duckdb import DuckDBDatabases
from hanse.interfaces import HostedDatabase, MySqlDatabase, PostgresDatabase, SqliteDatabase
from hanse.quality import Verdict, verify
from hanse.quality.evidence import Shape
from hanse.quality.hosted.dialects import Dialect
from hanse.quality.hosted.explain import explain_hosted
from hanse.quality.hosted.regexes import portable
from hanse.quality.hosted.run import verify_hosted
from hanse.quality.hosted.staging import Host
from hanse.quality.hosted.tables import look
from hanse.registry.records import CheckResult, CheckStatus
from hanse.spec.contract import Column, Condition, Contract, Limits, Relationship, Rule, Table
from hanse.spec.types import DataType, Decimal, Field, List, Scalar, Struct
from hanse.testing.hosted import disagreements, seed
from hanse.testing.mariadb import MariaDbServer
from hanse.testing.postgres import PostgresServer

NAME = TableName("", "", "t")


@dataclass
class Place:
    """A database of one kind, which is filled anew for each contract."""

    dialect: Any
    open: Callable[[], HostedDatabase]
    execute: Callable[[str], object]
    laboratory: Any

    def fill(self, contract: Contract, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        for table in contract.tables:
            self.execute(seed(self.dialect, table, rows.get(table.name, ())))

    def host(self, database: HostedDatabase, contract: Contract) -> Host:
        tables = {table.name: look(database, table) for table in contract.tables}
        dialect = Dialect(database.dialect, tables)
        return Host(database, dialect, self.laboratory.session, str(self.laboratory.folder))

    def verify(self, contract: Contract, *, limit: int = 1000) -> Verdict:
        with self.open() as database:
            host = self.host(database, contract)
            return verify_hosted(host, contract, contract.tables[0], table_name=NAME, limit=limit)

    def explain(self, contract: Contract) -> list[dict[str, Any]]:
        with self.open() as database:
            return explain_hosted(self.host(database, contract), contract, contract.tables[0])

    def where(self, contract: Contract) -> dict[str, str]:
        return {c.split(":")[0]: p["where"] for p in self.explain(contract) for c in p["checks"]}

    def engine(
        self, contract: Contract, rows: Mapping[str, Sequence[Mapping[str, Any]]], *, limit: int = 1000
    ) -> Verdict:
        bound = {t.name: self.laboratory.bind(t, rows.get(t.name, ())) for t in contract.tables}
        table = contract.tables[0]
        relation, files = bound[table.name]
        return verify(
            self.laboratory.session,
            table,
            contract,
            relation,
            files,
            run_id="",
            table_name=NAME,
            relations={name: at for name, (at, _) in bound.items()},
            limit=limit,
            shape=Shape(),
        )


def _postgres(request: pytest.FixtureRequest, laboratory: Any) -> Place:
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"c_{new_id()[-12:].lower()}"
    server.execute(f"CREATE DATABASE {name}")
    database = PostgresDatabase(server.host, server.port, name, server.user, server.password, tls="disable")
    drivers = DuckDBDatabases(temp_directory=str(laboratory.folder))
    writable = [str(laboratory.folder)]
    return Place(
        "postgres",
        lambda: drivers.open_hosted(database, writable=writable),
        lambda sql: server.execute(sql, name),
        laboratory,
    )


def _mariadb(request: pytest.FixtureRequest, laboratory: Any) -> Place:
    server: MariaDbServer = request.getfixturevalue("mariadb")
    name = f"c_{new_id()[-12:].lower()}"
    server.execute(f"CREATE DATABASE {name}")
    database = MySqlDatabase(server.host, server.port, name, server.user, server.password, tls="disable")
    return Place("mysql", lambda: open_hosted(database), lambda sql: server.execute(sql, name), laboratory)


def _sqlite(request: pytest.FixtureRequest, laboratory: Any) -> Place:
    folder: Path = request.getfixturevalue("tmp_path_factory").mktemp("sqlite")
    path = str(folder / "shop.db")

    def execute(sql: str) -> None:
        with sqlite3.connect(path) as connection:
            connection.executescript(sql)
        connection.close()

    return Place("sqlite", lambda: open_hosted(SqliteDatabase(path)), execute, laboratory)


@pytest.fixture(scope="module", params=[_postgres, _mariadb, _sqlite], ids=["postgres", "mariadb", "sqlite"])
def place(request: pytest.FixtureRequest, laboratory: Any) -> Place:
    made: Place = request.param(request, laboratory)
    return made


def column(name: str, type_: DataType, *, limits: Mapping[str, Any] | None = None, **facts: Any) -> Column:
    return Column(name, type_, "any", limits=Limits(**(limits or {})), **facts)


def contract(*tables: Table) -> Contract:
    return Contract("c", "1.0.0", "v3.1.0", "active", tables, "c.odcs.yaml", "")


def table(*columns: Column, name: str = "t", **facts: Any) -> Table:
    return Table(name, columns, **facts)


def rule(query: str, value: Any) -> Rule:
    return Rule("sql", name=query, query=query, conditions=(Condition("mustBe", (value,)),))


def results(verdict: Verdict) -> dict[str, CheckResult]:
    return {r.check_id: r for r in verdict.results}


ORDERS = contract(
    table(
        column("id", Scalar.BIGINT, primary_key_position=1, required=True, limits={"minimum": 1, "multiple_of": 1}),
        column(
            "email", Scalar.VARCHAR, unique=True, limits={"pattern": "^[a-z.]+@[a-z]+\\.[a-z]{2,3}$", "max_length": 12}
        ),
        column("state", Scalar.VARCHAR, enum=("new", "paid", "sent"), limits={"min_length": 3}),
        column("price", Decimal(10, 2), limits={"minimum": 0, "multiple_of": 0.05}),
        column("rate", Scalar.DOUBLE, limits={"exclusive_maximum": 1.5, "multiple_of": 0.1}),
        column("day", Scalar.DATE, limits={"minimum": "2020-02-29"}),
        column("at", Scalar.TIMESTAMPTZ, limits={"maximum": "2026-01-01T00:00:00Z"}),
        column("paid", Scalar.BOOLEAN, required=True),
        column("raw", Scalar.BLOB),
        column(
            "customer",
            Scalar.BIGINT,
            relationships=(Relationship((), "people", (("id",),), stated="people.id"),),
        ),
    ),
    table(column("id", Scalar.BIGINT), name="people"),
)
ROWS: dict[str, list[dict[str, Any]]] = {
    "t": [
        {
            "id": 1,
            "email": "a@b.de",
            "state": "new",
            "price": Number("1.05"),
            "rate": 0.1,
            "paid": True,
            "raw": b"\x00\xff",
        },
        {
            "id": 2,
            "email": "A@b.de",
            "state": "NEW",
            "price": Number("-0.01"),
            "rate": 1.5,
            "paid": None,
            "customer": 2,
        },
        {"id": 2, "email": "a@b.de", "state": "new ", "price": None, "rate": 0.30000000000000004, "customer": 1},
        {"id": None, "email": "ä.b@cd.info", "state": "é", "day": date(2020, 2, 28), "paid": False},
        {"id": -3, "email": "a.long.one@b.de", "state": "x'\\\"", "day": date(2024, 1, 1), "paid": False},
        {"id": 7, "email": "a@b.de\n", "state": "paid", "at": datetime(2026, 1, 1, 0, 0, 0, 1, UTC), "customer": 9},
    ],
    "people": [{"id": 1}, {"id": 2}, {"id": None}],
}


def test_an_order_book_has_the_same_verdict_everywhere(place: Place) -> None:
    place.fill(ORDERS, ROWS)
    ours = place.engine(ORDERS, ROWS)
    assert disagreements(ours, place.verify(ORDERS)) == []
    assert {r.status for r in ours.results} == {CheckStatus.PASSED, CheckStatus.FAILED}


def test_what_can_be_exact_is_asked_of_the_database(place: Place) -> None:
    place.fill(ORDERS, ROWS)
    where = place.where(ORDERS)
    everywhere = [
        "minimum(id)",
        "required(id)",
        "required(paid)",
        "primaryKey(id)",
        "unique(email)",
        "maxLength(email)",
    ]
    everywhere += ["enum(state)", "minLength(state)", "exclusiveMaximum(rate)", "relationship(customer)"]
    assert {where[check] for check in everywhere} == {"database"}
    assert where["multipleOf(rate)"] == "engine"
    assert where["pattern(email)"] == ("database" if place.dialect == "postgres" else "engine")
    assert where["minimum(price)"] == ("engine" if place.dialect == "sqlite" else "database")
    assert where["minimum(day)"] == ("database" if place.dialect == "postgres" else "engine")


def test_the_plan_says_why_the_engine_answers(place: Place) -> None:
    place.fill(ORDERS, ROWS)
    passes = place.explain(ORDERS)
    assert all(p["why"] for p in passes if p["where"] == "engine")
    assert all(p["sql"].upper().startswith("SELECT") for p in passes if p["where"])


KEYED = contract(table(column("k", Scalar.VARCHAR, unique=True, enum=("a", "ß")), column("n", Scalar.BIGINT)))


@pytest.mark.parametrize("values", [["a", "A"], ["a", "a "], ["ß", "ss"], ["a", "á"], ["a", "a"], ["", None, None]])
def test_texts_compare_by_their_bytes_whatever_the_collation(place: Place, values: list[str | None]) -> None:
    rows = {"t": [{"k": value, "n": n} for n, value in enumerate(values)]}
    place.fill(KEYED, rows)
    assert set(place.where(KEYED).values()) <= {"database", ""}
    assert disagreements(place.engine(KEYED, rows), place.verify(KEYED)) == []


def test_a_rule_is_written_in_the_database_s_own_sql(place: Place) -> None:
    own = {
        "postgres": "SELECT count(*) FROM t WHERE \"k\" ~ '^a' AND n::numeric > 0",
        "mysql": "SELECT SUM(`n` > 0 AND k = 'A') FROM t",
        "sqlite": "SELECT count(*) FROM t WHERE k = 'A' AND n > 0",
    }[place.dialect]
    rules = (
        rule(own, 1),
        rule("SELECT count(*) FROM {table}", 3),
        rule("WITH some AS (SELECT n FROM t WHERE n > 0) SELECT max(s.n) - min(s.n) FROM some s", 1),
    )
    subject = contract(table(column("k", Scalar.VARCHAR), column("n", Scalar.BIGINT), rules=rules))
    place.fill(subject, {"t": [{"k": "a", "n": 1}, {"k": "b", "n": 2}, {"k": "a", "n": 0}]})
    verdict = place.verify(subject)
    told = [(r.status, r.measured, r.error) for r in verdict.results if r.method == "sql"]
    assert told == [(CheckStatus.PASSED, 1, None), (CheckStatus.PASSED, 3, None), (CheckStatus.PASSED, 1, None)]


def test_a_rule_may_match_patterns(place: Place) -> None:
    operator = {"postgres": "~", "mysql": "REGEXP", "sqlite": "LIKE"}[place.dialect]
    none = "%" if place.dialect == "sqlite" else "^$|^c*"
    start = "a%" if place.dialect == "sqlite" else "^a"
    rules = (
        rule(f"SELECT count(*) FROM t WHERE k {operator} '{start}'", 2),
        rule(f"SELECT count(*) FROM t WHERE NOT k {operator} '{start}' OR k {operator} 'z'", 2),
        rule(f"SELECT count(*) FROM t WHERE k {operator} '{none}'", 4),
    )
    subject = contract(table(column("k", Scalar.VARCHAR), rules=rules))
    place.fill(subject, {"t": [{"k": "a"}, {"k": "ab"}, {"k": "b"}, {"k": ""}, {"k": None}]})
    told = [(r.measured, r.error) for r in place.verify(subject).results if r.method == "sql"]
    assert told == [(2, None), (2, None), (4, None)]


ATTACKS = {
    "postgres": [
        "SELECT count(*) FROM pg_catalog.pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT (WITH pg_user AS (SELECT 1 AS x) SELECT x FROM pg_user) + (SELECT count(*) FROM pg_user)",
        "SELECT count(*) FROM generate_series(1, 10)",
        "SELECT pg_sleep(100)",
        "SELECT query_to_xml('select 1', true, true, '')",
        "SELECT current_setting('data_directory')",
        "SELECT 'pg_authid'::regclass",
        "SELECT count(*) FROM t; DELETE FROM t",
        "DELETE FROM t RETURNING 1",
        "SELECT count(*) FROM t FOR UPDATE",
        "SELECT 1 INTO other",
        "SELECT current_user",
        "SELECT count(*) FROM secret",
        "SELECT count(*) FROM other.t",
        "SELECT lo_import('/etc/passwd')",
        "SELECT dblink('x', 'y')",
        "COPY t TO '/tmp/x'",
        "SELECT count(*) FROM t TABLESAMPLE SYSTEM (10)",
    ],
    "mysql": [
        "SELECT count(*) FROM mysql.global_priv",
        "SELECT LOAD_FILE('/etc/passwd')",
        "SELECT SLEEP(100)",
        "SELECT BENCHMARK(1, 1)",
        "SELECT @@datadir",
        "SELECT @a := 1",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT count(*) FROM t FOR UPDATE",
        "SELECT user()",
        "SELECT count(*) FROM secret",
        "SELECT (WITH secret AS (SELECT 1 AS x) SELECT x FROM secret) + (SELECT count(*) FROM secret)",
        "SELECT count(*) FROM information_schema.tables",
        "SELECT GET_LOCK('a', 100)",
        "DELETE FROM t",
    ],
    "sqlite": [
        "SELECT count(*) FROM sqlite_master",
        "SELECT load_extension('x')",
        "SELECT count(*) FROM pragma_table_info('t')",
        "SELECT readfile('/etc/passwd')",
        "SELECT count(*) FROM secret",
        "SELECT (WITH secret AS (SELECT 1 AS x) SELECT x FROM secret) + (SELECT count(*) FROM secret)",
        "SELECT count(*) FROM temp.sqlite_master",
        "ATTACH '/tmp/x' AS x",
        "PRAGMA user_version",
        "DELETE FROM t",
        "SELECT randomblob(1000000000)",
    ],
}  # fmt: skip


def test_a_rule_reaches_nothing_but_the_tables_under_test(place: Place) -> None:
    place.execute("CREATE TABLE IF NOT EXISTS secret (a int)")
    attacks = ATTACKS[place.dialect]
    subject = contract(table(column("n", Scalar.BIGINT), rules=tuple(rule(query, 0) for query in attacks)))
    place.fill(subject, {"t": [{"n": 1}]})
    told = {r.clause: r for r in place.verify(subject).results if r.method == "sql"}
    assert len(told) == len(attacks)
    refused = ("HNS-C006", 'relation "__part_1" does not exist', "__part_1' doesn't exist", "no such table: __part_1")
    assert {c: r.error for c, r in told.items() if not any(words in (r.error or "") for words in refused)} == {}


def test_a_rule_that_fails_in_the_database_is_that_rule_s_error(place: Place) -> None:
    broken = {
        "postgres": "SELECT 1 / (n - 1) FROM t",
        "mysql": "SELECT no_such FROM t",
        "sqlite": "SELECT no_such FROM t",
    }
    rules = (rule(broken[place.dialect], 1), rule("SELECT n FROM t", 1), rule("SELECT n, n FROM t", 1))
    subject = contract(table(column("n", Scalar.BIGINT, required=True), rules=rules))
    place.fill(subject, {"t": [{"n": 1}]})
    told = place.verify(subject).results
    assert [r.status.value for r in told] == ["passed", "passed", "error", "passed", "error"]


def test_a_column_that_is_not_there_is_an_error_of_its_checks(place: Place) -> None:
    made = contract(table(column("n", Scalar.BIGINT)))
    place.fill(made, {"t": [{"n": 1}]})
    subject = contract(table(column("n", Scalar.BIGINT), column("gone", Scalar.BIGINT, required=True)))
    told = results(place.verify(subject))
    assert told["required(gone)"].status is CheckStatus.ERROR
    assert told["type(n)"].status is CheckStatus.PASSED


def test_names_are_matched_by_what_the_database_calls_them(place: Place) -> None:
    made = contract(table(column("Order No", Scalar.BIGINT), column("e", Scalar.VARCHAR), name="Orders 2"))
    place.fill(made, {"Orders 2": [{"Order No": 1, "e": "x"}, {"Order No": 1, "e": None}]})
    subject = contract(
        table(
            column("id", Scalar.BIGINT, unique=True, physical_name="Order No"),
            column("E", Scalar.VARCHAR, required=True),
            physical_name="Orders 2",
        )
    )
    verdict = place.verify(subject)
    told = {r.check_id: r.failed_rows for r in verdict.results}
    assert (told["unique(id)"], told["required(E)"]) == (2, 1)
    assert {tuple(f.row.items()) for f in verdict.failed_rows if f.check_id == "unique(id)"} == {(("id", 1),)}


PHYSICAL = {
    "postgres": [
        ("character varying(20)", "varchar(20)", "passed"),
        ("varchar(50)", "VARCHAR(20)", "failed"),
        ("varchar", "varchar(20)", "failed"),
        ("varchar(20)", "varchar", "passed"),
        ("numeric(10,2)", "DECIMAL(10, 2)", "passed"),
        ("numeric(12,2)", "numeric(10,2)", "failed"),
        ("timestamptz", "timestamp with time zone", "passed"),
        ("timestamp", "timestamptz", "failed"),
        ("int8", "bigint", "passed"),
        ("text", "VARCHAR2(20)", "not_applicable"),
    ],
    "mysql": [
        ("int(11)", "integer", "passed"),
        ("int", "bigint", "failed"),
        ("bool", "boolean", "passed"),
        ("decimal(10,0)", "numeric(10)", "passed"),
        ("varchar(20)", "varchar(21)", "failed"),
        ("json", "json", "passed"),
    ],
    "sqlite": [
        ("varchar(20)", "VARCHAR(20)", "passed"),
        ("int", "integer", "passed"),
        ("", "integer", "failed"),
    ],
}


def test_physical_types_are_what_the_database_declares(place: Place) -> None:
    cases = PHYSICAL[place.dialect]
    place.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t ({', '.join(f'c{n} {c[0]}' for n, c in enumerate(cases))})")
    kinds = [Scalar.BIGINT if "int" in found else Scalar.VARCHAR for found, _, _ in cases]
    columns = [
        column(f"c{n}", kind, physical_type=case[1]) for n, (kind, case) in enumerate(zip(kinds, cases, strict=True))
    ]
    told = results(place.verify(contract(table(*columns))))
    assert [told[f"physicalType(c{n})"].status.value for n in range(len(cases))] == [status for _, _, status in cases]


def test_values_that_no_type_of_the_engine_has_break_their_column_s_type(place: Place) -> None:
    made = {
        "postgres": "CREATE TABLE t (k int, c numeric(10,2)); INSERT INTO t VALUES (1, 'NaN'), (2, 1.5), (3, NULL)",
        "mysql": "SET sql_mode = ''; CREATE TABLE t (k int, c date);"
        " INSERT INTO t VALUES (1, '0000-00-00'), (2, '2020-01-01'), (3, NULL)",
        "sqlite": "CREATE TABLE t (k int, c int); INSERT INTO t VALUES (1, 'x'), (2, 1), (3, NULL)",
    }[place.dialect]
    kinds: dict[str, DataType] = {"postgres": Decimal(10, 2), "mysql": Scalar.DATE, "sqlite": Scalar.BIGINT}
    kind = kinds[place.dialect]
    place.execute(f"DROP TABLE IF EXISTS t; {made}")
    subject = contract(table(column("k", Scalar.BIGINT, primary_key_position=1), column("c", kind, required=True)))
    verdict = place.verify(subject)
    told = {r.check_id: (r.status.value, r.failed_rows) for r in verdict.results}
    assert told["type(c)"] == ("failed", 1)
    assert told["required(c)"] == ("failed", 1)
    assert [str(f.row["k"]) for f in verdict.failed_rows if f.check_id == "type(c)"] == ["1"]


@pytest.mark.parametrize("found", ["abc", "123", "a-b_c", "A.B", "é", "", "a\nb", "  ", "[x]", "$5", "a\\b", "\t"])
def test_patterns_are_written_out_for_postgres(found: str) -> None:
    for pattern in [
        "^[a-z]+$",
        "\\d{2,}",
        "^\\W",
        "a.b",
        "[^a-z]",
        "^$",
        "(?:a|b)+",
        "\\$\\d",
        "[\\]\\[x]+",
        "^\\s*$",
        "x*?$",
    ]:
        written = portable(pattern)
        assert written is not None
        assert bool(re.search(written, found)) == bool(re.search(pattern, found, re.ASCII)), (pattern, written)
    for pattern in ["(?i)a", "\\bword", "\\pL", "(?P<n>a)", "a{1000}", "[[:alpha:]]", "\\x41", "\\Aa"]:
        assert portable(pattern) is None


def test_classified_values_are_shown_by_nobody(place: Place) -> None:
    secret = "s3cret value"
    columns = [
        column("k", Scalar.VARCHAR, primary_key_position=1, classification="restricted", enum=("x",)),
        column("n", Scalar.BIGINT, classification="confidential", limits={"maximum": 5}),
        column("p", Scalar.VARCHAR, classification="pii", limits={"pattern": "^[0-9]+$", "format": "uuid"}),
        column("o", Scalar.VARCHAR, classification="pii", relationships=(Relationship((), "u", (("k",),)),)),
    ]
    subject = contract(table(*columns), table(column("k", Scalar.VARCHAR), name="u"))
    row = {"k": secret, "n": 8274619, "p": secret, "o": secret}
    rows: dict[str, list[dict[str, Any]]] = {"t": [row, row], "u": []}
    place.fill(subject, rows)
    verdict = place.verify(subject)
    assert disagreements(place.engine(subject, rows), verdict) == []
    assert {f.check_id.split("(")[0] for f in verdict.failed_rows} >= {"primaryKey", "enum", "maximum", "pattern"}
    told = str(verdict)
    assert secret not in told
    assert "8274619" not in told


# Without NaN, which PostgreSQL alone has, and negative zero, which SQLite has not.
_CELLS: dict[DataType, st.SearchStrategy[Any]] = {
    Scalar.BIGINT: st.sampled_from([0, 1, -1, 3, 5, 10, 2**53 + 1, -(2**63), 2**63 - 1]),
    Decimal(12, 3): st.sampled_from([Number(n) for n in ("0", "-0.001", "1.500", "2.25", "999999999.999")]),
    Scalar.DOUBLE: st.sampled_from([0.0, 0.1, 0.30000000000000004, 1.5, -1e300, 5e-324, 1e16, 123456789.123]),
    Scalar.VARCHAR: st.sampled_from(
        ["", "a", "A", "a ", " a", "ab", "á", "ß", "ss", "e\u0301", "\U0001f600", "x'\\\"", "a\nb", "12"]
    ),
    Scalar.BOOLEAN: st.booleans(),
    Scalar.DATE: st.sampled_from([date(1, 1, 1), date(1999, 12, 31), date(2020, 2, 29), date(9999, 12, 31)]),
    Scalar.TIMESTAMP: st.sampled_from(["2020-01-01", "2020-01-01T00:00:00.000001", "1999-12-31T23:00:00"]).map(
        datetime.fromisoformat
    ),
    Scalar.TIMESTAMPTZ: st.sampled_from(["2020-01-01T00:00:00Z", "2030-06-01T01:02:03.000004Z"]).map(
        datetime.fromisoformat
    ),
    Scalar.BLOB: st.sampled_from([b"", b"\x00", b"abc", b"\xff\xfe"]),
    Struct((Field("a", Scalar.BIGINT), Field("b", Scalar.VARCHAR))): st.fixed_dictionaries(
        {"a": st.sampled_from([None, 1, 2]), "b": st.sampled_from([None, "x", "é"])}
    ),
    List(Scalar.VARCHAR): st.lists(st.sampled_from(["x", "y"]), max_size=3),
}  # fmt: skip
_LIMITS: dict[DataType, list[dict[str, Any]]] = {
    Scalar.BIGINT: [{"minimum": 0}, {"exclusive_maximum": 5}, {"multiple_of": 5}, {"maximum": 2**53}, {"minimum": 0.5}],
    Decimal(12, 3): [{"minimum": 0}, {"multiple_of": 0.75}, {"exclusive_maximum": 1.5}],
    Scalar.DOUBLE: [{"minimum": 0}, {"exclusive_maximum": 0.3}, {"multiple_of": 0.1}, {"maximum": 1e16}],
    Scalar.VARCHAR: [
        {"min_length": 1}, {"max_length": 1}, {"pattern": "^[a-z]+$"}, {"pattern": "a.b"},
        {"pattern": "^\\W|[\\d]{2,}"},
        {"pattern": "(?i)^a"}, {"pattern": "^(?:a|\\x41) ?$"}, {"format": "email"}, {"format": "uuid"},
    ],
    Scalar.DATE: [{"minimum": "2000-01-01"}, {"exclusive_maximum": "2020-02-29"}],
    Scalar.TIMESTAMP: [{"minimum": "2020-01-01T00:00:00"}, {"maximum": "2020-01-01T00:00:00"}],
    Scalar.TIMESTAMPTZ: [{"maximum": "2020-01-01T01:00:00+01:00"}],
    Scalar.BLOB: [],
    List(Scalar.VARCHAR): [{"min_length": 1}, {"unique_items": True}],
}  # fmt: skip


@st.composite
def _columns(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(list(_CELLS)))
    limits: dict[str, Any] = {}
    for stated in draw(st.lists(st.sampled_from(_LIMITS.get(kind) or [{}]), max_size=3)):
        limits |= stated
    single = isinstance(kind, Scalar | Decimal)
    enum: tuple[Any, ...] = ()
    if kind in (Scalar.BIGINT, Scalar.VARCHAR) and draw(st.booleans()):
        enum = tuple(draw(st.lists(_CELLS[kind], min_size=1, max_size=3, unique=True)))
    missing = {"missingValues": [None, *draw(st.lists(_CELLS[kind], max_size=2))]} if kind is Scalar.VARCHAR else {}
    rules = []
    for metric, arguments in (("nullValues", {}), ("missingValues", missing), ("duplicateValues", {})):
        if single and (arguments or metric != "missingValues") and draw(st.booleans()):
            unit: Literal["rows", "percent"] = draw(st.sampled_from(("rows", "percent")))
            most = Condition("mustBeLessThan", (draw(st.sampled_from([1, 30, 60])),))
            rules.append(Rule("library", metric=metric, arguments=arguments, conditions=(most,), unit=unit))
    return column(
        name,
        kind,
        limits=limits,
        enum=enum,
        required=draw(st.booleans()),
        unique=single and draw(st.booleans()),
        rules=tuple(rules),
        children=tuple(column(f.name, f.type, required=True) for f in kind.fields) if isinstance(kind, Struct) else (),
    )


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[Contract, dict[str, list[dict[str, Any]]]]:
    columns = [draw(_columns(f"c{n}")) for n in range(draw(st.integers(1, 4)))]
    single = [n for n, c in enumerate(columns) if isinstance(c.type, Scalar | Decimal)]
    keys = draw(st.lists(st.sampled_from(single), unique=True, max_size=2)) if single else []
    columns = [replace(c, primary_key_position=keys.index(n) + 1 if n in keys else None) for n, c in enumerate(columns)]
    alike = [c for c in columns if isinstance(c.type, Scalar | Decimal)]
    tables = []
    rows: dict[str, list[dict[str, Any]]] = {}
    related: bool = draw(st.booleans())
    if alike and related:
        leads = draw(st.sampled_from(alike))
        to = Relationship((), "other", (("k",),), stated="other.k")
        columns = [replace(c, relationships=(to,)) if c is leads else c for c in columns]
        tables.append(table(column("k", leads.type), name="other"))
        rows["other"] = [{"k": v} for v in draw(st.lists(st.none() | _CELLS[leads.type], max_size=3))]
    cells = st.fixed_dictionaries({c.name: st.none() | _CELLS[c.type] for c in columns})
    rows["t"] = draw(st.lists(cells, max_size=6))
    return contract(table(*columns), *tables), rows


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=_worlds())
def test_any_contract_has_the_same_verdict_everywhere(
    place: Place, world: tuple[Contract, dict[str, list[dict[str, Any]]]]
) -> None:
    subject, rows = world
    place.fill(subject, rows)
    assert disagreements(place.engine(subject, rows), place.verify(subject)) == []
