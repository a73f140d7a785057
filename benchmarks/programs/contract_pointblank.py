"""pointblank on polars: ``CHECKS LINEITEM ORDERS``. Prints check → whether it holds, as JSON."""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pointblank as pb  # type: ignore[import-not-found]  # of another environment
import polars as pl

given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
data = pl.read_parquet(sys.argv[2])
orders = pl.read_parquet(sys.argv[3], columns=["o_orderkey"])
plan = pb.Validate(data)
names = []
for column in given["required"]:
    plan = plan.col_vals_not_null(column)
    names.append(f"not_null {column}")
for column, values in given["enums"].items():
    plan = plan.col_vals_in_set(column, values)
    names.append(f"enum {column}")
for column, (low, high) in given["ranges"].items():
    plan = plan.col_vals_between(column, low, high, na_pass=True)
    names.append(f"range {column}")
for column, pattern in given["patterns"].items():
    plan = plan.col_vals_regex(column, pattern, na_pass=True)
    names.append(f"pattern {column}")
queries = {
    "received_before_shipped": pl.col("l_receiptdate") < pl.col("l_shipdate"),
    "returned_late": (pl.col("l_returnflag") == "N") & (pl.col("l_receiptdate") <= date(1995, 6, 17)),
    "open_early": (pl.col("l_linestatus") == "O") & (pl.col("l_shipdate") <= date(1995, 6, 17)),
}
for name, breaks in queries.items():
    plan = plan.col_vals_expr(~breaks.fill_null(value=False))
    names.append(f"sql {name}")
newest = datetime.now(UTC).date() - timedelta(days=given["days"])
plan = (
    plan.rows_distinct(["l_orderkey", "l_linenumber"])
    .row_count_match(given["rows"])
    .col_vals_expr(pl.col("l_commitdate").max() >= newest)
    .col_vals_expr(pl.col("l_orderkey").is_in(orders["o_orderkey"].implode()))
    .col_vals_expr((pl.col("l_comment").str.len_chars() <= 44).fill_null(value=True))
    .col_vals_not_null("l_comment")
)
names += ["unique", "row_count", "freshness", "reference", "length", "null_fraction"]
plan = plan.interrogate(collect_extracts=False)
failed = plan.n_failed()
holds = {name: failed[at] == 0 for at, name in enumerate(names, 1)}
holds["null_fraction"] = 100 * failed[len(names)] <= given["nulls"] * len(data)
errors = [step.eval_error for step in plan.validation_info]
print(json.dumps({name: bool(holds[name]) for name, error in zip(names, errors, strict=True) if not error}))
