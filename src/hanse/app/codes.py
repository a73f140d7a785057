"""Codes of the opened mesh (letter A)."""

from hanse.base import Code

NO_SUCH_ADDRESS = Code(
    "HNS-A001",
    "no such address",
    "The address names nothing in this mesh. `hanse list` shows all products; tables are `domain.product.table`.",
)
UNKNOWN_DRIVER = Code(
    "HNS-A002",
    "unknown driver",
    "`mesh.yaml` asks for a driver that this version of Hanse does not have.",
)
RUNS_UNDER_WAY = Code(
    "HNS-A003",
    "not while runs are under way",
    "`hanse doctor --repair` sets what tables point to, and a run beside it could commit to what is being replaced. "
    "Nothing was changed. Wait for the run, or end it; a run whose process died does not count.",
)
BAD_RANGE = Code(
    "HNS-A004",
    "no such range to build",
    "`hanse run --from … --to …` takes two times in UTC or two keys, and products by name; it does not go with "
    "`--force`, which builds everything.",
)
NO_CONTRACT = Code(
    "HNS-A005",
    "no contract there",
    "A path given to `hanse contract` names no readable file, or a folder without a file `*.odcs.yaml`.",
)
NO_DATA = Code(
    "HNS-A006",
    "no data for a table",
    "A table of the contract has no data to be verified: none was named with `--data` or `--server`, nothing is there, "
    "or nothing in the folder carries the table's name. All its checks are errors, because nobody may take them for "
    "verified. `--table` leaves other tables out.",
)
BAD_DATA = Code(
    "HNS-A007",
    "data that fits no table",
    "`--data` names a table that the contract does not have, or does not say which of its tables it is for. Write "
    "`--data TABLE=PATH`, or name a folder that holds one file or folder per table.",
)
UNKNOWN_FORMAT = Code(
    "HNS-A008",
    "unknown format of data",
    "The name of a file does not tell its format: it ends in none of `.csv`, `.tsv`, `.txt`, `.ndjson`, `.jsonl`, "
    "`.json` (these also with `.gz`, `.bz2`, `.zst` or `.zip`), `.parquet`, `.xlsx`, `.avro`, and it is no folder of "
    "an Iceberg table.",
)
NO_REVISION = Code(
    "HNS-A009",
    "no such revision",
    "`hanse contract diff` was asked for a file at a revision of git (`main:orders.odcs.yaml`, `--since main`), and "
    "there is no git, no repository around the file, or no such revision in it.",
)
UNKNOWN_SERVER = Code(
    "HNS-A010",
    "no such server",
    "`--server` names no entry of the contract's `servers`.",
)
SERVER_UNREADABLE = Code(
    "HNS-A011",
    "a server that cannot be read",
    "An entry of the contract's `servers` is of a type that Hanse does not read, or does not say where its data is. "
    "`--data` names data wherever it is.",
)
NOT_ALLOWED = Code(
    "HNS-A012",
    "a place that only the contract names",
    "A contract is somebody else's text. What an entry of `servers` names on this machine is read below the contract's "
    "folder and the working directory only; addresses elsewhere only if `--allow` names their beginning; variables of "
    "the environment only if `--variable` names them.",
)
BAD_ADDRESS = Code(
    "HNS-A013",
    "address of a database that cannot be used",
    "`--data` takes databases as `postgresql://USER@HOST:PORT/DATABASE`, `mysql://…`, `sqlite:///FILE` and "
    "`duckdb:///FILE`; of the parts after `?` it knows `schema`, `tls` and `ca`. Passwords come from the environment: "
    "`HANSE_DATA_PASSWORD`, and `HANSE_NAME_PASSWORD` for the entry NAME of `servers`.",
)
