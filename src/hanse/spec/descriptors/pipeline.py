"""``pipeline.yaml`` as a pydantic model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from hanse.spec.descriptors.inputs import FileInputFile, PortInputFile, TableInputFile, which_input
from hanse.spec.descriptors.words import ApiVersion, Filled, RetentionFile
from hanse.spec.models import Strictly


class WindowFile(Strictly):
    """The ranges of a column that a table is built by."""

    model_config = ConfigDict(title="`window`")

    column: Filled = Field(
        description="Column of the table, of the type date, timestamp or integer, whose ranges are built one by one."
    )
    start: Filled = Field(
        description="Where the first range begins: a date, a time in UTC, or a key, such as `2024-01-01` or `0`."
    )
    size: Filled = Field(
        description="Length of a range: a number of minutes, hours, days, weeks, months or years, such as `1 day`; or "
        "a number of keys."
    )
    lookback: Filled | None = Field(
        None, description="How far before the end of what is built late rows are looked for (default: not at all)."
    )
    until: Filled | None = Field(
        None,
        description="For keys: `input.column`; the greatest value of this column of what the transform reads is the "
        "last key. Windows over time end with the last range that has passed.",
    )


class TableFile(Strictly):
    """How a table is built."""

    model_config = ConfigDict(title="the settings of a table")

    materialize: Literal["replace", "append", "merge", "partition", "snapshot"] = Field(
        "replace",
        description="What a run's result means: `replace`: it is the whole table. `append`: its rows are added. "
        "`merge`: they replace those of equal primary key and add the others. `partition`: they replace all rows of "
        "the partitions that they are in. `snapshot`: they are the present state, of which the table keeps the "
        "history.",
    )
    deleted: str | None = Field(
        None, description="For `merge`: boolean column of the result that is true for rows to be deleted."
    )
    by: list[str] | None = Field(
        None, description="For `partition`: columns that make a partition (default: the contract's partition keys)."
    )
    since: str | None = Field(
        None, description="For `snapshot`: the table's column that tells from when a row holds (default: `valid_from`)."
    )
    until: str | None = Field(
        None, description="For `snapshot`: the table's column that tells until when it held (default: `valid_to`)."
    )
    missing: Literal["close", "keep"] | None = Field(
        None, description="For `snapshot`: what becomes of a row whose key is not delivered (default: `close`)."
    )
    window: WindowFile | None = Field(
        None,
        description="For `replace`: the table is built range by range, and a result replaces only the range that it "
        "is of. The transform asks for `$window_start` (included) and `$window_end` (excluded).",
    )


class PipelineFile(Strictly):
    """A product's pipeline: what it reads, and how its tables are built."""

    model_config = ConfigDict(title="`pipeline.yaml`")

    apiVersion: ApiVersion  # noqa: N815  # the key as it is written
    kind: Literal["Pipeline"] = Field(description="`Pipeline`.")
    inputs: (
        dict[
            str,
            Annotated[
                Annotated[FileInputFile, Tag("as file")]
                | Annotated[TableInputFile, Tag("as table")]
                | Annotated[PortInputFile, Tag("as port")],
                Discriminator(which_input),
            ],
        ]
        | None
    ) = Field(
        None,
        description="What transforms may read, by the name that they call it. Default: every file "
        "`data/<name>.(csv|ndjson|jsonl|json|parquet|xlsx|avro)`, the first four also packed (`.gz`, `.zip`, "
        "`.bz2`, `.zst`), is an input called `<name>`.",
    )
    tables: dict[str, TableFile] | None = Field(None, description="Settings per table.")
    retention: RetentionFile | None = Field(
        None, description="How long releases of the product are kept, where it shall not be as in its domain."
    )
