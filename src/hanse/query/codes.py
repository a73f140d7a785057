"""Codes of the road for reads (letter Q, from HNS-Q101 on)."""

from hanse.base import Code

UNKNOWN_RELATION = Code(
    "HNS-Q101",
    "unknown table",
    "A statement names a table that no product of the mesh has. Tables are named `domain.product.table`, with `_v2` "
    "for another major version; tables about the mesh itself are `mesh.catalog.<name>`.",
)
INCOMPLETE_NAME = Code(
    "HNS-Q102",
    "not the whole name of a table",
    "In a query a table is always named in three parts, `domain.product.table`, so that the same statement means the "
    "same for everybody.",
)
NOT_RELEASED = Code(
    "HNS-Q103",
    "not released yet",
    "The product or table is described, and nothing of it was published yet. Its owner publishes it with `hanse apply` "
    "and `hanse run`.",
)
UNKNOWN_COLUMN = Code(
    "HNS-Q104",
    "unknown column",
    "A statement names a column that none of its tables has. Column names are listed by `hanse show domain.product` "
    "and in `mesh.catalog.columns`.",
)
PACKAGE_MISSING = Code(
    "HNS-Q105",
    "package not installed",
    "A result was asked for as an object of a package that is not installed. Install the extra that the message names.",
)
UNKNOWN_FORMAT = Code(
    "HNS-Q106",
    "unknown format",
    "Results are written as csv, json, ndjson, parquet or arrow.",
)
FORMAT_CANNOT_HOLD = Code(
    "HNS-Q107",
    "format cannot hold a type",
    "The format asked for has no place for one of the result's types, for example Parquet for INTERVAL. Cast that "
    "column in the statement, or choose another format.",
)
RESULT_CLOSED = Code(
    "HNS-Q108",
    "result was closed or read already",
    "Rows of a result come once, as a stream. Read them with to_arrow(), which keeps them, or run the statement again.",
)
BEFORE_FIRST_RELEASE = Code(
    "HNS-Q109",
    "nothing was released yet at that time",
    "A table is asked for as of a time before its product's first release. `hanse releases domain.product` lists the "
    "releases with their times.",
)
UNKNOWN_VERSION = Code(
    "HNS-Q110",
    "no such version",
    "A table is asked for in a version that its product never released. A number is a release's number within the "
    "product; a text is the id of a release, or of a snapshot that a release of the table names. `hanse releases "
    "domain.product` lists them.",
)
EXPIRED_VERSION = Code(
    "HNS-Q111",
    "the release has expired",
    "The release that was visible at that time, or that has this version, has expired by the retention policy or by "
    "an erasure, and its data may be gone. Ask for a later time; `retention` in `mesh.yaml` says how long releases are "
    "kept.",
)
NOT_IN_RELEASE = Code(
    "HNS-Q112",
    "not in that release",
    "The product had a release then, but the table was not in it, or not in this major version.",
)
NO_HISTORY = Code(
    "HNS-Q113",
    "tables about the mesh have no history",
    "`mesh.catalog` says what is so now, and cannot be read as of a time. Its tables hold times themselves: filter by "
    "`created_at`, `started_at` or `time`.",
)
SEVERAL_PRODUCTS = Code(
    "HNS-Q114",
    "a release's number means one product",
    "Releases are numbered within their product, so one number for the whole statement is only clear when the "
    "statement reads one product. Give a time or a release's id, or write `AT (VERSION => …)` after each table.",
)
