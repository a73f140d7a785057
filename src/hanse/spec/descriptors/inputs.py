"""Inputs of a ``pipeline.yaml`` as pydantic models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from hanse.spec.descriptors.words import Filled
from hanse.spec.models import Strictly, Text

_PORT = re.compile(r"[^.\s]+\.[^.\s]+\.[^.\s]+")


def _check_port(text: str) -> str:
    if not _PORT.fullmatch(text):
        raise ValueError("write the port's address as `domain.product.port`")
    return text


def _check_dates(value: str) -> str:
    return _check_style(value, {"year", "month", "day"})


def _check_times(value: str) -> str:
    return _check_style(value, {"year", "month", "day", "hour"})


def _check_style(value: str, needed: set[str]) -> str:
    found = [_DIRECTIVES.get(d) for d in re.findall("%(.)", value.replace("%%", ""))]
    if None in found:
        raise ValueError("use only the directives " + ", ".join(f"%{d}" for d in _DIRECTIVES))
    if missing := sorted(needed - {str(f) for f in found}):
        raise ValueError(f"it must tell the {missing[0]} too, for example `%d.%m.%Y %H:%M:%S`")
    return value


# What DuckDB's strptime reads.
_DIRECTIVES = {
    "d": "day", "m": "month", "b": "month", "B": "month", "y": "year", "Y": "year", "H": "hour",
    "I": "hour", "p": "half", "M": "minute", "S": "second", "f": "fraction", "g": "fraction", "z": "zone", "Z": "zone",
    "a": "weekday", "A": "weekday",
}  # fmt: skip
DateStyle = Annotated[Text, AfterValidator(_check_dates)]
TimeStyle = Annotated[Text, AfterValidator(_check_times)]


class CsvFile(Strictly):
    """Dialect of a CSV file. What is left out is found by looking at the file."""

    model_config = ConfigDict(title="`csv`")

    delimiter: Text | None = Field(None, description="Character between values, for example `;`.")
    quote: Text | None = Field(None, description="Character around values, for example `'\"'`.")
    header: bool | None = Field(None, description="Whether the first line holds the columns' names (default: true).")
    encoding: Filled | None = Field(None, description="Encoding of the text, for example `utf-8` or `latin-1`.")
    null_values: list[Text] | None = Field(None, description="Texts that mean null, for example `[NA, '']`.")
    decimal: Literal[".", ","] | None = Field(
        None, description="Character before the fraction of numbers (default: `.`)."
    )
    thousands: Literal[".", ",", "'", " ", "\u00a0", "\u202f", "_"] | None = Field(
        None, description="Character that may stand between groups of three digits, for example `.` in `1.234,50`."
    )
    dates: DateStyle | None = Field(
        None,
        description="How dates are written, with the directives of `strptime`, for example `%d.%m.%Y` (default: ISO).",
    )
    timestamps: TimeStyle | None = Field(
        None, description="How timestamps are written, for example `%d.%m.%Y %H:%M:%S` (default: ISO 8601)."
    )
    bad_rows: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None,
        description="So many lines of a file that are no rows of it (too many or too few values, a stray quote) are "
        "left aside and reported with a warning; more fail the run (default: 0).",
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise ValueError("write `thousands` and `decimal` with different characters")
        return self


class ExcelFile(Strictly):
    """Where the rows stand in an Excel workbook."""

    model_config = ConfigDict(title="`excel`")

    sheet: Filled | None = Field(None, description="Name of the sheet (default: the first one).")
    header: bool | None = Field(None, description="Whether the first row holds the columns' names (default: true).")


class FileInputFile(Strictly):
    """A file that transforms may read."""

    model_config = ConfigDict(title="a file input")

    file: Filled = Field(
        description="Path of the file, relative to the product's folder, or absolute; or its address, such as "
        "`https://…` or `s3://…`, where `sources.allow` of `mesh.yaml` lets it be read. With `*`, `?`, `[…]` or `**` "
        "(any folders) it is a pattern: all files that match are read as one, in the order of their paths."
    )
    headers: dict[str, Filled] | None = Field(
        None,
        description="HTTP headers to ask with, for example `Authorization: Bearer ${TOKEN}`. Values that are keys to "
        "something are variables.",
    )
    format: Literal["csv", "ndjson", "json", "parquet", "xlsx", "avro"] | None = Field(
        None,
        description="`csv`, `ndjson` (one JSON object per line), `json` (an array of objects), `parquet`, `xlsx` or "
        "`avro`. Default: what the file's name says.",
    )
    compression: Literal["none", "gzip", "zip", "bz2", "zstd"] | None = Field(
        None,
        description="`none`, `gzip`, `bz2`, `zstd` or `zip` (one member), of CSV and JSON files. Default: what the "
        "file's name says.",
    )
    columns: dict[str, Filled] | None = Field(
        None, description="SQL types of columns, where they shall not be inferred from the file. CSV and JSON only."
    )
    csv: CsvFile | None = Field(None, description="Dialect of a CSV file.")
    only_new: bool | None = Field(
        None,
        description="Of a pattern: a run reads only files whose content was not taken in before. For tables that grow "
        "(`materialize` other than `replace`). Default: false.",
    )
    drift: Literal["fail", "ignore", "evolve"] | None = Field(
        None,
        description="What becomes of columns that a file has too many or too few. `fail` (default): the run fails. "
        "`ignore`: additional ones are left out, missing ones that the contract does not require are null, with a "
        "warning. `evolve`: likewise, and the warning says how the contract could follow.",
    )
    excel: ExcelFile | None = Field(None, description="Where the rows stand in an Excel workbook.")


class TableInputFile(Strictly):
    """A table or view of a database that transforms may read: all of it, in every run."""

    model_config = ConfigDict(title="a table input", populate_by_name=True)

    table: Filled = Field(
        description="Through a connection: `schema.table`, or a table of the schema `public`. Of SQLite: the table."
    )
    connection: Filled | None = Field(None, description="Name of a connection of `mesh.yaml`.")
    sqlite: Filled | None = Field(
        None, description="Path of an SQLite file, relative to the product's folder, or absolute."
    )
    schema_: Filled | None = Field(
        None, alias="schema", description="Schema of the table, if its name or the table's has a dot in it."
    )
    columns: dict[str, Filled] | None = Field(
        None,
        description="SQL types of columns for transforms, where the database's own leave them open (`numeric` without "
        "precision, columns of SQLite). A table that is built straight takes the contract's.",
    )
    drift: Literal["fail", "ignore", "evolve"] | None = Field(
        None,
        description="What becomes of columns that the table has too many or too few. `fail` (default): the run fails. "
        "`ignore`: additional ones are not read, missing ones that the contract does not require are null, with a "
        "warning. `evolve`: likewise, and the warning says how the contract could follow.",
    )


class PortInputFile(Strictly):
    """An output port of another product that transforms may read."""

    model_config = ConfigDict(title="a port input")

    port: Annotated[Text, AfterValidator(_check_port)] = Field(description="Its address: `domain.product.port`.")
    major: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Major version to read. Default: the newest when the product is first applied."
    )


def which_input(value: Any) -> str | None:
    """Return the tag of the one kind of input that a mapping names; None if it names none or several."""
    if isinstance(value, Mapping):
        kinds = [kind for kind in ("file", "table", "port") if kind in value]
        return f"as {kinds[0]}" if len(kinds) == 1 else None
    return "as file"
