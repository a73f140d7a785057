"""What goes into a file comes out as it was."""

from __future__ import annotations

import duckdb
import pytest

from hanse import sql


def test_wide_integers_become_decimals_and_the_rest_stays() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            'CREATE VIEW x AS SELECT 12345678901234567890123::HUGEINT AS "a b", 1::UHUGEINT AS "c""d", 1 AS e'
        )
        have = [(str(n), str(t)) for n, t, *_ in connection.execute("DESCRIBE x").fetchall()]
        found = connection.sql(sql.select_exact("x", have))
        assert found.columns == ["a b", 'c"d', "e"]
        assert [str(t) for t in found.types] == ["DECIMAL(38,0)", "DECIMAL(38,0)", "INTEGER"]
        assert [str(v) for v in found.fetchall()[0]] == ["12345678901234567890123", "1", "1"]


def test_what_a_decimal_cannot_hold_raises() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE VIEW x AS SELECT 170141183460469231731687303715884105727::HUGEINT AS h")
        with pytest.raises(duckdb.ConversionException):
            connection.execute(sql.select_exact("x", [("h", "HUGEINT")]))
