import json
from typing import Any

import pytest

from hanse.base import Problems
from hanse.spec import parse_contract


def type_of(logical: str | None, physical: str | None = None, version: str = "v3.2.0", **options: Any) -> str:
    column = {"name": "a", "logicalType": logical, "physicalType": physical, "logicalTypeOptions": options or None}
    document = {
        "apiVersion": version,
        "kind": "DataContract",
        "id": "c",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "t", "properties": [column]}],
    }
    return str(parse_contract(json.dumps(document), "c").tables[0].columns[0].type)


@pytest.mark.parametrize(
    ("logical", "physical", "expected"),
    [
        ("string", None, "VARCHAR"),
        ("string", "UUID", "VARCHAR"),
        ("string", "varchar(20)", "VARCHAR"),
        ("string", "BYTEA", "BLOB"),
        ("string", "varbinary(16)", "BLOB"),
        ("integer", None, "BIGINT"),
        ("integer", "NUMBER(38,0)", "BIGINT"),
        ("integer", "smallint", "BIGINT"),
        ("number", None, "DOUBLE"),
        ("number", "number", "DOUBLE"),
        ("number", "float(3,2)", "DOUBLE"),
        ("number", "DECIMAL(18,2)", "DECIMAL(18,2)"),
        ("number", "numeric( 5 )", "DECIMAL(5,0)"),
        ("number", "NUMBER(10, 4)", "DECIMAL(10,4)"),
        ("number", "DECIMAL(38,38)", "DECIMAL(38,38)"),
        ("boolean", None, "BOOLEAN"),
        ("boolean", "NUMBER(1)", "BOOLEAN"),
        ("date", None, "DATE"),
        ("date", "TIMESTAMP", "DATE"),
        ("time", None, "TIME"),
        ("time", "TIME WITHOUT TIME ZONE", "TIME"),
        ("timestamp", None, "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "timestamp(3) with time zone", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "TIMESTAMP_LTZ", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "something else", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "TIMESTAMP", "TIMESTAMP"),
        ("timestamp", "timestamp without time zone", "TIMESTAMP"),
        ("timestamp", "TIMESTAMP_NTZ(6)", "TIMESTAMP"),
        ("timestamp", "datetime", "TIMESTAMP"),
        ("vector", None, "DOUBLE[]"),
        (None, "INT", "BIGINT"),
        (None, "varchar(3)", "VARCHAR"),
        (None, "decimal(4,1)", "DECIMAL(4,1)"),
        (None, "bytea", "BLOB"),
        (None, "timestamp", "TIMESTAMP"),
        (None, "double precision", "DOUBLE"),
    ],
)
def test_types(logical: str | None, physical: str | None, expected: str) -> None:
    options: dict[str, Any] = {"dimensions": 2} if logical == "vector" else {}
    assert type_of(logical, physical, **options) == expected


@pytest.mark.parametrize(
    ("physical", "timezone", "expected"),
    [
        (None, False, "TIMESTAMP"),
        (None, True, "TIMESTAMP WITH TIME ZONE"),
        ("TIMESTAMP", True, "TIMESTAMP WITH TIME ZONE"),
        ("TIMESTAMPTZ", False, "TIMESTAMP"),
    ],
)
def test_the_option_decides_about_the_zone(physical: str | None, timezone: bool, expected: str) -> None:
    assert type_of("timestamp", physical, timezone=timezone) == expected


@pytest.mark.parametrize(
    ("physical", "options", "expected"),
    [
        (None, {}, "DATE"),
        ("DATE", {"format": "yyyy-MM-dd HH:mm:ss"}, "DATE"),
        ("TIMESTAMP", {}, "TIMESTAMP"),
        ("TIMESTAMPTZ", {}, "TIMESTAMP WITH TIME ZONE"),
        ("TIME", {}, "TIME"),
        (None, {"format": "yyyy-MM-dd HH:mm:ss"}, "TIMESTAMP WITH TIME ZONE"),
        (None, {"format": "HH:mm:ss"}, "TIME"),
        (None, {"format": "yyyy-MM-dd"}, "DATE"),
    ],
)
def test_dates_of_30_are_what_they_say(physical: str | None, options: dict[str, str], expected: str) -> None:
    assert type_of("date", physical, "v3.0.2", **options) == expected


@pytest.mark.parametrize(
    ("logical", "physical", "options"),
    [
        ("integer", "HUGEINT", {}),
        ("integer", "bigint unsigned", {}),
        ("integer", None, {"format": "u64"}),
        ("integer", None, {"format": "i128"}),
        (None, "UBIGINT", {}),
        ("number", "DECIMAL", {}),
        ("number", "numeric", {}),
        ("number", "DECIMAL(39,2)", {}),
        ("number", "DECIMAL(5,6)", {}),
        ("number", "DECIMAL(0,0)", {}),
        ("number", "DECIMAL(5,-2)", {}),
        ("number", "DECIMAL(a,b)", {}),
        ("time", "TIMETZ", {}),
        ("time", "time with time zone", {}),
        ("time", None, {"timezone": True}),
        ("timestamp", "TIMESTAMP_NS", {}),
        ("timestamp", "TIMESTAMP(9)", {}),
    ],
)
def test_what_cannot_be_held_exactly_is_refused(logical: str | None, physical: str | None, options: Any) -> None:
    with pytest.raises(Problems) as caught:
        type_of(logical, physical, **options)
    problem = caught.value.problem
    assert problem.code.id == "HNS-S018"
    assert problem.where
    assert problem.why
    assert problem.fix
