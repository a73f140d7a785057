from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.quality.arrow_values import python_value

MOMENTS = st.datetimes(timezones=st.just(UTC))


@settings(deadline=None)  # Arrow may look for pandas first
@given(st.none() | MOMENTS, st.sampled_from(["UTC", "Etc/UTC", "Europe/Riga", None]))
def test_moments_are_those_of_arrow(moment: datetime | None, zone: str | None) -> None:
    scalar = pa.scalar(moment, pa.timestamp("us", tz=zone))
    try:
        own = scalar.as_py()
    except (ValueError, OverflowError):
        return  # at the ends of the calendar, a zone's own time is beyond it
    found = python_value(scalar)
    assert found == own
    assert found is None or found.utcoffset() == own.utcoffset()


@settings(deadline=None)  # Arrow may look for pandas first
@given(MOMENTS)
def test_moments_in_utc_have_no_offset(moment: datetime) -> None:
    assert python_value(pa.scalar(moment, pa.timestamp("us", tz="UTC"))).utcoffset() == timedelta(0)


def test_a_moment_of_duckdb_does_not_load_pandas() -> None:
    code = """
import sys, duckdb
from hanse.quality.arrow_values import python_value
rows = duckdb.connect().execute("SET TimeZone='UTC'; SELECT timestamptz '2020-01-01 00:00:00+00'").to_arrow_table()
print(python_value(rows.column(0)[0]), "pandas" in sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "2020-01-01 00:00:00+00:00 False"
