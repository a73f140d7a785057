"""Great Expectations on DuckDB: ``CHECKS DATABASE``. Prints check → whether it holds, as JSON; null where it raised.

It reads views of the database through SQLAlchemy. What it cannot state of DuckDB is given to it as SQL.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import great_expectations as gx  # type: ignore[import-not-found]  # of another environment
import great_expectations.expectations as gxe  # type: ignore[import-not-found]
from great_expectations.execution_engine import (  # type: ignore[import-not-found]
    sqlalchemy_execution_engine as engine,
)

given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
expectations: list[object] = []


def expect(name: str, kind: type, **options: object) -> None:
    expectations.append(kind(**options, meta={"name": name}))


for column in given["required"]:
    expect(f"not_null {column}", gxe.ExpectColumnValuesToNotBeNull, column=column)
for column, values in given["enums"].items():
    expect(f"enum {column}", gxe.ExpectColumnValuesToBeInSet, column=column, value_set=values)
for column, (low, high) in given["ranges"].items():
    expect(f"range {column}", gxe.ExpectColumnValuesToBeBetween, column=column, min_value=low, max_value=high)
expect("unique", gxe.ExpectCompoundColumnsToBeUnique, column_list=["l_orderkey", "l_linenumber"])
expect("row_count", gxe.ExpectTableRowCountToEqual, value=given["rows"])
newest = datetime.now(UTC).date() - timedelta(days=given["days"])
expect("freshness", gxe.ExpectColumnMaxToBeBetween, column="l_commitdate", min_value=newest)
expect("length", gxe.ExpectColumnValueLengthsToBeBetween, column="l_comment", max_value=44)
share = 1 - given["nulls"] / 100
expect("null_fraction", gxe.ExpectColumnValuesToNotBeNull, column="l_comment", mostly=share)
context = gx.get_context(mode="ephemeral")
# As it comes it reads every result after its connection was given back, when duckdb-engine has none left
# (great_expectations 11579): so the connection is kept, as GX itself does for SQLite.
kept = "_PERSISTED_CONNECTION_DIALECTS"
setattr(engine, kept, (*getattr(engine, kept), *StrEnum("Dialect", {"DUCKDB": "duckdb"})))
database = f"duckdb:///{sys.argv[2]}"
source = context.data_sources.add_sql("local", connection_string=database)
batch = source.add_table_asset("lineitem", table_name="lineitem").add_batch_definition_whole_table("all").get_batch()
breaks = {f"sql {name}": condition for name, condition in given["queries"].items()}
breaks["reference"] = "l_orderkey IS NOT NULL AND l_orderkey NOT IN (SELECT o_orderkey FROM orders)"
for column, pattern in given["patterns"].items():  # GX: "Regex is not supported for dialect duckdb"
    breaks[f"pattern {column}"] = f"NOT regexp_matches({column}, '{pattern}')"
for name, condition in breaks.items():
    query = f"SELECT * FROM {{batch}} WHERE {condition}"
    expect(name, gxe.UnexpectedRowsExpectation, unexpected_rows_query=query)
found = batch.validate(gx.ExpectationSuite("lineitem", expectations=expectations), result_format="BOOLEAN_ONLY")
holds = {}
for result in found.results:
    raised = any(info.get("raised_exception") for info in result.exception_info.values() if isinstance(info, dict))
    name = result.expectation_config.meta["name"]
    holds[name] = None if raised or result.exception_info.get("raised_exception") else bool(result.success)
print(json.dumps(holds))
