"""Codes that every driver of a seam must use.

Tables and storage have the letter T, files elsewhere F, databases that are read I.
"""

from hanse.base import Code

UNKNOWN_TABLE = Code(
    "HNS-T001",
    "unknown table",
    "The table store has no table of this name. `hanse apply` creates tables; a table that was dropped is gone.",
)
UNKNOWN_SNAPSHOT = Code(
    "HNS-T002",
    "unknown snapshot",
    "The table has no snapshot of this id: it was expired, or the table was dropped and created again.",
)
OTHER_COLUMNS = Code(
    "HNS-T003",
    "table exists with other columns",
    "A table of this name is there and its columns differ from the ones asked for. `hanse apply` alters it.",
)
ILLEGAL_COLUMNS = Code(
    "HNS-T004",
    "columns cannot be stored",
    "A table needs at least one column; names must not be empty and must differ in more than upper and lower case; "
    "types must be ones that the table format holds exactly.",
)
BAD_FILE = Code(
    "HNS-T005",
    "staged file cannot be published",
    "A staged Parquet file is missing, truncated, outside the table's staging folder, or does not carry exactly the "
    "columns (field ids and types) of the table's newest schema, or has nulls in a required column. Run again.",
)
COMMIT_CONFLICT = Code(
    "HNS-T006",
    "table was changed by somebody else",
    "Another process committed to the table between reading and writing it. Nothing was committed; run again.",
)
CORRUPT_STORE = Code(
    "HNS-T007",
    "table metadata cannot be read",
    "The catalog database or a metadata file of a table is missing or damaged. Restore it from a backup; "
    "`hanse doctor` names every damaged table.",
)
STORAGE_MISSING = Code(
    "HNS-T008",
    "storage is missing",
    "The warehouse folder named in `mesh.yaml` is not there, or was moved: tables name their files by absolute path, "
    "so a mesh must be moved back to where its tables were written.",
)
STORAGE_UNWRITABLE = Code(
    "HNS-T009",
    "storage cannot be written",
    "The process may not write to the warehouse or to the catalog database. Check owner, mode and mount of the folder.",
)
STORAGE_FULL = Code(
    "HNS-T010",
    "storage is full",
    "No space (or quota) is left for the warehouse or the catalog database. Nothing was committed; make room, "
    "run again.",
)
STORAGE_FAILED = Code(
    "HNS-T011",
    "storage failed",
    "The operating system reported another error while a table's files were read or written; the message holds it.",
)
LOST_FILE = Code(
    "HNS-T012",
    "data file is lost",
    "A file of a committed snapshot is missing or does not have the size it was committed with. Readers of the "
    "snapshot will fail. Restore the file from a backup, or run the product again and release the new snapshot.",
)
FOREIGN_TABLE = Code(
    "HNS-T013",
    "table was written by something else",
    "The table uses a feature of the table format that Hanse does not write (another format version, partitions, a "
    "type without exact counterpart, an unknown compression). It cannot be used here; drop it or convert it.",
)
STORAGE_BUSY = Code(
    "HNS-T014",
    "catalog is busy",
    "Another process held the catalog database for longer than the time allowed. Try again; find the process "
    "that holds it.",
)
ILLEGAL_NOTE = Code(
    "HNS-T015",
    "illegal run id or note",
    "A run id must consist of letters, digits, `.`, `_` and `-`; notes kept with a snapshot must not use a name that "
    "the table format itself uses.",
)
KEPT_FILE = Code(
    "HNS-T016",
    "file cannot be kept",
    "A commit was to keep a data file that the snapshot before does not have, or whose rows do not fit the newest "
    "columns: a required column is not known to have a value in all of them. Let the column be optional, or build the "
    "whole table anew. Compacted files must have as many rows as those that they replace.",
)
FOREIGN_FILE = Code(
    "HNS-T017",
    "file is not the table's",
    "A file outside the table's folder was to be deleted as garbage. Nothing was deleted.",
)
REMOTE_MISSING = Code(
    "HNS-F001",
    "remote file missing",
    "The place was reached and has no such file.",
)
REMOTE_REFUSED = Code(
    "HNS-F002",
    "access refused",
    "The place wants other credentials, or none were found. HTTP takes them as `headers` of the input; other protocols "
    "read their own environment variables and configuration.",
)
REDIRECT_REFUSED = Code(
    "HNS-F003",
    "redirect refused",
    "A web server sent the request on to an address that `sources.allow` does not let be read, in a circle, too often, "
    "or from `https` to `http`.",
)
PRIVATE_ADDRESS = Code(
    "HNS-F004",
    "host lies in a private network",
    "The host's name leads to this machine, a private network or a cloud's metadata service. That is refused, because "
    "whoever holds a name may point it anywhere. If it is right, put the network into `sources.networks` of "
    "`mesh.yaml`.",
)
FETCH_FAILED = Code(
    "HNS-F005",
    "file could not be fetched",
    "The place could not be reached, took too long, or failed; it was tried several times where that may help.",
)
FETCH_INCOMPLETE = Code(
    "HNS-F006",
    "file did not arrive whole",
    "A download was cut off each time it was tried, has another length or checksum than the place gives, or came from "
    "a server that says neither, so that a cut could not be told from the end. Nothing of it is used.",
)
REMOTE_TOO_LARGE = Code(
    "HNS-F007",
    "remote file too large",
    "A file, or what it unpacks to on its way, is larger than `sources.max_size` in `mesh.yaml`, or a pattern matches "
    "more files than a run reads.",
)
REMOTE_CHANGED = Code(
    "HNS-F008",
    "remote file changed",
    "A file was written anew while it was being fetched, or between the look at it and its use. Run again.",
)
CANNOT_LIST = Code(
    "HNS-F009",
    "place cannot list",
    "A pattern needs a place that can list its files; a web server cannot.",
)
PROTOCOL_MISSING = Code(
    "HNS-F010",
    "protocol not available",
    "The package that speaks the protocol of an address is not installed, or no package is known to speak it.",
)
DAMAGED_FILE = Code(
    "HNS-T018",
    "data file is damaged",
    "A file of a committed snapshot does not hold what was written to it. Readers of the snapshot fail, or get wrong "
    "rows. Restore the file from a backup, or run the product again and release the new snapshot.",
)
DATABASE_UNREACHABLE = Code(
    "HNS-I021",
    "database cannot be reached",
    "Nothing answers where the connection of `mesh.yaml` points to: a wrong host or port, a server that is down, "
    "or a network between. Nothing was published; run again when it answers.",
)
LOGIN_REFUSED = Code(
    "HNS-I022",
    "database refuses the login",
    "The server does not let this user in: a wrong or missing password, an unknown user, or a server that admits "
    "nobody from here.",
)
NO_SUCH_DATABASE = Code(
    "HNS-I023",
    "no such database",
    "The server has no database of this name, or the SQLite file is not there.",
)
NO_SUCH_SOURCE_TABLE = Code(
    "HNS-I024",
    "no such table in the database",
    "The database has no table or view of this name. It may have been dropped or renamed since it was written "
    "into `pipeline.yaml`; small and capital letters count.",
)
NOT_PERMITTED = Code(
    "HNS-I025",
    "table may not be read",
    "The database's user has no right to read the table. Grant SELECT on it, and USAGE on its schema.",
)
READ_TOO_SLOW = Code(
    "HNS-I026",
    "reading took too long",
    "Reading a table took longer than the connection's `timeout`, or waited as long for a lock, and was ended in "
    "the database too. Raise `timeout`, or read a smaller table or view.",
)
CONNECTION_LOST = Code(
    "HNS-I027",
    "connection lost",
    "The connection to the database ended while a table was being read. Nothing was published; run again.",
)
COLUMN_UNREADABLE = Code(
    "HNS-I028",
    "column cannot be read exactly",
    "A column's type has no form here that keeps every value, or two columns differ only by small and capital "
    "letters. Offer a view that casts, renames or leaves it out.",
)
VALUE_UNREADABLE = Code(
    "HNS-I029",
    "value does not fit its column",
    "A value is of another shape than its column says: an array of more dimensions than one, or in SQLite binary "
    "in a column that is not declared as BLOB, or text that is not UTF-8.",
)
NOT_ENCRYPTED = Code(
    "HNS-I030",
    "connection would not be safe",
    "The server offers no encryption, or its certificate does not prove what `tls` asks for. Set it up there; or "
    "write `tls: disable` if the network in between is trusted.",
)
NO_DATABASE_FILE = Code(
    "HNS-I031",
    "file is no database",
    "The file is not an SQLite database, or is damaged.",
)
DATABASE_BUSY = Code(
    "HNS-I032",
    "database is busy",
    "The server has no connection to spare, is starting or stopping, or the SQLite file is locked by a writer. "
    "Run again.",
)
PASSWORD_UNSET = Code(
    "HNS-I033",
    "password is not set",
    "The variable that a connection of `mesh.yaml` names as its password is not set where Hanse runs.",
)
DATABASE_FAILED = Code(
    "HNS-I034",
    "database reports an error",
    "The database could not read the table, for a reason of its own, which the message gives.",
)
