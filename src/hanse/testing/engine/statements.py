"""Statements: what they name, what they may not do, how they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from hanse.base import EngineError
from hanse.interfaces import (
    Session,
)
from hanse.testing.engine.suite import EngineSuite, rows_of

_CANARY = "the canary sings"
_ESCAPES = [
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM READ_TEXT('{secret}')",
    "SELECT * FROM \"read_text\"('{secret}')",
    "SELECT * FROM system.main.read_text('{secret}')",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "SELECT * FROM numbers, LATERAL (SELECT * FROM read_blob('{secret}'))",
    "WITH x AS (SELECT * FROM read_csv('{secret}')) SELECT * FROM x",
    "SELECT * FROM '{secret}'",
    'SELECT * FROM "{secret}"',
    "SELECT * FROM read_csv('{inside}')",
    "SELECT * FROM '{inside}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM sniff_csv('{inside}')",
    "SELECT * FROM parquet_metadata('{inside}')",
    "SELECT * FROM query('SELECT * FROM numbers')",
    "SELECT * FROM query_table('numbers')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_settings",
    "SELECT sql FROM duckdb_views()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM pragma_table_info('numbers')",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM main.numbers",
    "SELECT * FROM numbers AS a JOIN secrets AS b ON true",
    "SELECT getenv('HOME')",
    "SELECT current_setting('allowed_directories')",
    "SELECT getvariable('x')",
    "SELECT write_log('x')",
    "SELECT numbers.n FROM numbers WHERE current_query() LIKE '%'",
    "SELECT list_transform([1], lambda x: current_setting('threads'))",
    "SELECT n FROM numbers ORDER BY current_setting('threads')",
    "SELECT * FROM (DESCRIBE numbers)",
    "SELECT * FROM (SHOW TABLES)",
    "DESCRIBE numbers",
    "SHOW TABLES",
    "SUMMARIZE numbers",
    "EXPLAIN SELECT 1",
    "CALL duckdb_settings()",
    "COPY numbers TO '{folder}/escape.csv'",
    "COPY (SELECT 1) TO '{outside}/escape.csv'",
    "ATTACH '{folder}/escape.db'",
    "ATTACH ':memory:' AS m",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "SET VARIABLE x = 1",
    "RESET lock_configuration",
    "PRAGMA threads = 1",
    "PRAGMA database_list",
    "CREATE TABLE escape (a INT)",
    "CREATE OR REPLACE VIEW numbers AS SELECT 1",
    "CREATE MACRO m(a) AS a",
    "CREATE SECRET s (TYPE http)",
    "INSERT INTO numbers VALUES (1)",
    "UPDATE numbers SET n = 1",
    "DELETE FROM numbers",
    "DROP VIEW numbers",
    "EXPORT DATABASE '{folder}/escape'",
    "IMPORT DATABASE '{folder}'",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN",
    "PREPARE p AS SELECT 1",
    "SELECT 1; DROP VIEW numbers",
    "SELECT 1; SELECT 2",
    "SELECT 1) TO '{folder}/escape.parquet' (FORMAT parquet); --",
    "",
    ";",
    "-- nothing",
]


class StatementSuite(EngineSuite):
    """References, the lock, errors."""

    @pytest.mark.parametrize(
        ("sql", "relations", "ctes"),
        [
            ("SELECT 1", set(), set()),
            ("SELECT * FROM a, b.c, d.e.f", {("a",), ("b", "c"), ("d", "e", "f")}, set()),
            ("FROM a", {("a",)}, set()),
            ("SELECT (SELECT max(x) FROM a) WHERE EXISTS (SELECT 1 FROM b)", {("a",), ("b",)}, set()),
            ("SELECT 1 IN (SELECT 1 FROM a), 1 = ANY (SELECT 1 FROM b)", {("a",), ("b",)}, set()),
            ("WITH x AS (SELECT * FROM a) SELECT * FROM x", {("a",)}, {"x"}),
            ("WITH x AS (SELECT * FROM X) SELECT * FROM x", {("X",)}, {"x"}),
            ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", set(), {"r"}),
            ("WITH RECURSIVE r AS (SELECT * FROM a) SELECT * FROM r, b", {("a",), ("b",)}, {"r"}),
            ("WITH x AS (SELECT * FROM y), y AS (SELECT * FROM x) SELECT * FROM y", {("y",)}, {"x", "y"}),
            ("SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) AS s, x", {("x",)}, {"x"}),
            ("WITH x AS (SELECT 1) SELECT * FROM s.x", {("s", "x")}, {"x"}),
            ("SELECT * FROM a UNION SELECT * FROM b EXCEPT SELECT * FROM c", {("a",), ("b",), ("c",)}, set()),
            ("SELECT * FROM a JOIN b USING (k) ASOF JOIN c ON a.t >= c.t", {("a",), ("b",), ("c",)}, set()),
            ("SELECT * FROM a, LATERAL (SELECT a.x FROM b)", {("a",), ("b",)}, set()),
            ("SELECT * FROM a PIVOT (max(b) FOR c IN (1, 2))", {("a",)}, set()),
            ("SELECT sum(x) OVER (ORDER BY (SELECT y FROM b)) FROM a", {("a",), ("b",)}, set()),
            ("SELECT 1 FROM a QUALIFY (SELECT true FROM c)", {("a",), ("c",)}, set()),
            ("SELECT x FROM a ORDER BY (SELECT 1 FROM b) LIMIT (SELECT 1 FROM c)", {("a",), ("b",), ("c",)}, set()),
            ("SELECT * FROM 'file.csv'", {("file.csv",)}, set()),
        ],
    )  # fmt: skip
    def test_references_of_relations(
        self, session: Session, sql: str, relations: set[tuple[str, ...]], ctes: set[str]
    ) -> None:
        """Base relations are told from CTEs by scope, wherever they stand."""
        found = session.references(sql)
        assert found.relations == relations
        assert found.ctes == ctes
        assert found.statement == "select"

    def test_references_of_functions(self, session: Session) -> None:
        """Functions are named wherever they stand; functions in FROM apart."""
        found = session.references(
            "SELECT Upper(a), list_transform(l, lambda x: abs(x)) FROM t, Range(3), read_csv(concat('a', 'b')) "
            "WHERE ln(x) > 1 GROUP BY ALL HAVING sum(y) > (SELECT max(z) FROM unnest([1])) ORDER BY lower(a)"
        )
        assert found.table_functions == {"range", "read_csv", "unnest"}
        assert found.functions >= {"upper", "list_transform", "abs", "concat", "ln", "sum", "max", "lower"}

    @pytest.mark.parametrize(
        ("sql", "code"),
        [("SELEC 1", "HNS-E001"), ("SELECT 1 FROM", "HNS-E001"), ("", "HNS-E002"), ("SELECT 1; SELECT 2", "HNS-E002"),
         ("INSERT INTO a VALUES (1)", "HNS-E002"), ("DESCRIBE a", "HNS-E002"),
         ("SELECT * FROM (SUMMARIZE a)", "HNS-E002")],
    )  # fmt: skip
    def test_references_fail_closed(self, session: Session, sql: str, code: str) -> None:
        """What is not one SELECT is refused."""
        with pytest.raises(EngineError, match=code):
            session.references(sql)

    @pytest.mark.parametrize("attempt", _ESCAPES)
    def test_nothing_reaches_outside(self, session: Session, folder: Path, tmp_path: Path, attempt: str) -> None:
        """No way of running SQL gives a file, a setting, another statement or a change."""
        outside = tmp_path / "outside"
        outside.mkdir()
        secret, inside = outside / "secret.csv", folder / "inside.csv"
        for path in (secret, inside):
            path.write_text(f"{_CANARY}\n")
        before = sorted(tmp_path.rglob("*"))
        sql = attempt.replace("{secret}", str(secret)).replace("{inside}", str(inside))
        sql = sql.replace("{folder}", str(folder)).replace("{outside}", str(outside))
        for run in (
            session.fetch,
            session.describe,
            session.stream,
            lambda s: session.stage(s, str(folder / "x.parquet")),
        ):
            with pytest.raises(EngineError) as caught:
                run(sql)
            assert caught.value.code.id.startswith("HNS-E")
            assert _CANARY not in str(caught.value)
        assert sorted(tmp_path.rglob("*")) == before
        assert rows_of(session, "SELECT count(*) AS n FROM numbers") == [{"n": 5_000}]

    @pytest.mark.parametrize(
        ("select", "code"),
        [
            ("SELECT nosuch FROM numbers", "HNS-E003"),
            ("SELECT nosuch(n) FROM numbers", "HNS-E003"),
            ("SELECT sum(n || 'x') FROM numbers", "HNS-E003"),
            ("SELECT CAST('secret ' || n AS BIGINT) FROM numbers", "HNS-E004"),
            ("SELECT n + 9223372036854775807 FROM numbers", "HNS-E005"),
            ("SELECT CAST(n + 1000000 AS TINYINT) FROM numbers", "HNS-E004"),
            ("SELECT error('secret ' || n) FROM numbers", "HNS-E015"),
        ],
    )
    def test_errors_have_codes_and_keep_values_apart(self, session: Session, select: str, code: str) -> None:
        """``what`` may be shown to anybody: values of the data stand in ``why`` only."""
        with pytest.raises(EngineError, match=code) as caught:
            session.fetch(select)
        assert "secret" not in caught.value.problem.what
        assert "LINE 1" not in str(caught.value)
