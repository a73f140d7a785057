"""Codes of the engine (letter E)."""

from hanse.base import Code

SYNTAX = Code(
    "HNS-E001",
    "the engine cannot parse the statement",
    "The SQL is not well formed. The message says near which word the engine stopped reading.",
)
NOT_ONE_SELECT = Code(
    "HNS-E002",
    "not one SELECT",
    "Sessions run exactly one SELECT (or VALUES, FROM, WITH … SELECT) at a time; statements that write, attach, set or "
    "describe are refused.",
)
UNKNOWN_NAME = Code(
    "HNS-E003",
    "unknown name or wrong types",
    "A table, column or function does not exist, or a function does not take arguments of these types. Compare the "
    "names with the columns of the inputs, and add casts where types differ.",
)
CONVERSION = Code(
    "HNS-E004",
    "a value cannot be converted",
    "A cast met a value that the target type cannot hold. Use TRY_CAST to get NULL instead, or clean the value first.",
)
OUT_OF_RANGE = Code(
    "HNS-E005",
    "a value leaves its range",
    "An arithmetic result does not fit its type. Cast to a wider type before the operation.",
)
OUTSIDE = Code(
    "HNS-E006",
    "reaches outside the session",
    "The statement names a file, setting or function outside the locked session, or a relation lies in a folder that "
    "the session may not read or write. Only bound relations can be read.",
)
OUT_OF_MEMORY = Code(
    "HNS-E007",
    "out of memory",
    "The statement needs more memory than the session may use, and could not spill to disk. Raise "
    "`engine.memory_limit` in mesh.yaml, lower `engine.threads`, or make the statement smaller.",
)
DISK_FULL = Code(
    "HNS-E008",
    "disk full",
    "There is no space left for a staged file or for spilling. Free some space and run again: nothing was published.",
)
INTERRUPTED = Code(
    "HNS-E009",
    "interrupted",
    "The statement was ended on request, by the user or because its session was closed.",
)
TIMED_OUT = Code(
    "HNS-E010",
    "took too long",
    "The statement ran longer than its session allows. Select less, or raise the limit.",
)
FILE_MISSING = Code(
    "HNS-E011",
    "file missing or unreadable",
    "A file that a relation is made of does not exist, or the operating system refuses to read it.",
)
FILE_DAMAGED = Code(
    "HNS-E012",
    "file damaged",
    "A file is empty, truncated, or not of the format it claims to be. Deliver it again.",
)
MALFORMED_ROW = Code(
    "HNS-E013",
    "malformed row",
    "A line of a CSV file does not follow the file's dialect: too many or too few values, or an open quote. The line "
    "is named; mend it, or state `csv.delimiter` and `csv.quote` in pipeline.yaml. Of JSON: what stands there is no "
    "JSON, no object, or an object that names something twice.",
)
ENCODING = Code(
    "HNS-E014",
    "wrong encoding",
    "A text file is not in the encoding it was read with (UTF-8 unless stated). State `csv.encoding` in pipeline.yaml; "
    "`utf-8`, `utf-16` and `latin-1` can be read.",
)
BAD_ARGUMENT = Code(
    "HNS-E015",
    "a function refused its argument",
    "A function met a value that it does not accept, or the statement itself called error().",
)
NOT_SUPPORTED = Code(
    "HNS-E016",
    "not supported by the engine",
    "The engine knows the construct and does not implement it here.",
)
ENGINE_FAULT = Code(
    "HNS-E017",
    "the engine failed",
    "An error inside the engine that no input should cause. Please report it with the statement.",
)
SESSION_CLOSED = Code(
    "HNS-E018",
    "session closed",
    "The session was used after it was closed, or it was closed while its rows were still being read.",
)
NO_FIELD_IDS = Code(
    "HNS-E019",
    "file without field ids",
    "A table's data file carries no field ids, so its columns cannot be told apart after a rename. It was written by "
    "something other than Hanse; write it again with field ids.",
)
SCHEMAS_DIFFER = Code(
    "HNS-E020",
    "files of different shapes",
    "Several Parquet files read as one relation must have the same columns with the same types in the same order.",
)
DELETE_FILES = Code(
    "HNS-E021",
    "table with delete files",
    "An outside writer left row-level deletes in the table, which this engine cannot apply. Let that writer compact "
    "the table, so that its data files hold the live rows only.",
)
COLUMNS_DIFFER = Code(
    "HNS-E022",
    "staged columns differ from the table's",
    "The SELECT to be staged does not have exactly the table's columns, in order, with their types. End it with a "
    "projection that casts to the table's types.",
)
UNKNOWN_SYNTAX = Code(
    "HNS-E023",
    "construct that cannot be verified",
    "The engine's parser returned a construct that Hanse does not know, so what it reads cannot be proved. It is "
    "refused; write the statement without it.",
)
WRITE_FAILED = Code(
    "HNS-E024",
    "file could not be written",
    "A staged file could not be written where it should be. Nothing is left behind.",
)
CONSTRAINT = Code(
    "HNS-E025",
    "constraint broken",
    "The engine found a broken constraint, for example a MAP with the same key twice.",
)
IMPOSSIBLE_LIMITS = Code(
    "HNS-E026",
    "the engine refuses its settings",
    "Threads, memory or folders of the session are not acceptable. Compare the `engine` section of mesh.yaml.",
)

PACKAGE_MISSING = Code(
    "HNS-E027",
    "package for a format missing",
    "Excel and Avro files, SQLite and PostgreSQL are read by extensions of the engine that come as Python packages, "
    "which are not installed with Hanse itself. Install the extra that the message names, in the version that fits the "
    "installed DuckDB.",
)

__all__ = [
    "BAD_ARGUMENT",
    "COLUMNS_DIFFER",
    "CONSTRAINT",
    "CONVERSION",
    "DELETE_FILES",
    "DISK_FULL",
    "ENCODING",
    "ENGINE_FAULT",
    "FILE_DAMAGED",
    "FILE_MISSING",
    "IMPOSSIBLE_LIMITS",
    "INTERRUPTED",
    "MALFORMED_ROW",
    "NOT_ONE_SELECT",
    "NOT_SUPPORTED",
    "NO_FIELD_IDS",
    "OUTSIDE",
    "OUT_OF_MEMORY",
    "OUT_OF_RANGE",
    "PACKAGE_MISSING",
    "SCHEMAS_DIFFER",
    "SESSION_CLOSED",
    "SYNTAX",
    "TIMED_OUT",
    "UNKNOWN_NAME",
    "UNKNOWN_SYNTAX",
    "WRITE_FAILED",
]
