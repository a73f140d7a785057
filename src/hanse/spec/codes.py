"""Codes of descriptors (letter S)."""

from hanse.base.errors import Code

UNREADABLE_YAML = Code(
    "HNS-S001",
    "not readable as YAML",
    "The file breaks YAML's grammar at the place named: often a tab, a missing quote or an indentation that does not "
    "match. Mend that line; what follows it has not been looked at.",
)
NOT_UTF8 = Code(
    "HNS-S002",
    "not UTF-8",
    "A descriptor or an SQL file holds bytes that are no UTF-8 text. Save the file as UTF-8.",
)
EMPTY_FILE = Code(
    "HNS-S003",
    "empty file",
    "A descriptor holds nothing but white space and comments. Write it, or delete the file.",
)
NOT_A_MAPPING = Code(
    "HNS-S004",
    "not a mapping",
    "A descriptor must be a list of `key: value` lines at its top level.",
)
DUPLICATE_KEY = Code(
    "HNS-S005",
    "duplicate key",
    "One mapping holds the same key twice; readers disagree on which one counts. Keep one of them.",
)
TOO_LARGE = Code(
    "HNS-S006",
    "too large or too deep",
    "A descriptor is larger, more deeply nested or refers to itself more often than any descriptor needs to "
    "(8 MiB, 64 levels, 500,000 values after anchors are expanded). Split it, or remove the anchors.",
)
MISSING_FILE = Code(
    "HNS-S007",
    "missing file",
    "A file that the mesh needs is not there: `mesh.yaml`, a domain's `domain.yaml`, a product's `product.yaml`, or a "
    "file that `pipeline.yaml` names as an input. Create it, or correct the path.",
)
UNREADABLE_FILE = Code(
    "HNS-S008",
    "file cannot be read",
    "The operating system refuses to read a file or folder of the mesh. Check its permissions.",
)
NO_MESH = Code(
    "HNS-S009",
    "no mesh here",
    "Neither this folder nor any folder above it holds a `mesh.yaml`. Change into a mesh, or make one with "
    "`hanse init`.",
)
UNSUPPORTED_VERSION = Code(
    "HNS-S010",
    "unsupported apiVersion",
    "The descriptor is written in a version of its standard that is not read: ODCS 3.0, 3.1 and 3.2, ODPS 1.0 and 1.1 "
    "and `hanse/v1` are. Convert the file to one of them.",
)
UNKNOWN_KEY = Code(
    "HNS-S011",
    "unknown key",
    "A key that the descriptor's standard does not know at this place. It is mostly misspelt; extensions belong under "
    "`customProperties`.",
)
MISSING_KEY = Code("HNS-S012", "missing key", "A key that must be given at this place is not. Add it.")
WRONG_TYPE = Code(
    "HNS-S013",
    "wrong type of value",
    "A value has another type than its key asks for, such as text where a number belongs. Mind that `yes`, `on`, "
    "`1_000` and `010` are text; true, false and plain digits are not.",
)
BAD_VALUE = Code(
    "HNS-S014",
    "value not allowed",
    "A value has the right type but is none of those that its key allows.",
)
POSSIBLE_MISSPELLING = Code(
    "HNS-S015",
    "possibly misspelt key",
    "The standard allows any key here, but this one is nearly a key that it gives a meaning. It has no effect as it is "
    "written. A warning.",
)
UNSET_VARIABLE = Code(
    "HNS-S016",
    "unset variable",
    "A descriptor refers to `${NAME}` and the environment has no such variable. Set it, or give a default: "
    "`${NAME:-default}`.",
)
BAD_REFERENCE = Code(
    "HNS-S017",
    "unreadable reference",
    "A `${` is not followed by a variable's name and `}`. Write `${NAME}` or `${NAME:-default}`; a literal `${` is "
    "written `$${`.",
)
UNSUPPORTED_TYPE = Code(
    "HNS-S018",
    "type that cannot be held exactly",
    "The engine and the table format cannot both hold the column's type without loss: whole numbers beyond 64 bits, "
    "decimals beyond 38 digits or without stated digits, nanoseconds, times with a zone. Choose a type that both hold, "
    "or text.",
)
NO_TYPE = Code(
    "HNS-S019",
    "column without a type",
    "A property says neither by `logicalType` nor by a known `physicalType` what it holds, or an object, array or map "
    "does not say what it holds inside. Add what is missing.",
)
DUPLICATE_NAME = Code(
    "HNS-S020",
    "duplicate name",
    "Two tables, columns, ports or inputs that must be told apart by name have the same one. Rename one of them.",
)
DUPLICATE_CONTRACT = Code(
    "HNS-S021",
    "duplicate contract",
    "Two contract files, or two output ports, promise the same contract id in the same major version. An id with a "
    "major version names one promise of one port.",
)
UNKNOWN_CONTRACT = Code(
    "HNS-S022",
    "port without its contract",
    "An output port names a `contractId` (and, by its version, a major) that no file in the product's `contracts` "
    "folder has. Add the contract, or correct the id or the version.",
)
UNUSED_CONTRACT = Code(
    "HNS-S023",
    "contract of no port",
    "A contract file belongs to no output port of its product, so nothing of it is built or served. Name its id as "
    "`contractId` of an output port, or delete it. A warning.",
)
UNKNOWN_PORT = Code(
    "HNS-S024",
    "input port leads nowhere",
    "An input port refers to an output port or a contract that no product of the mesh offers. Correct the reference, "
    "or add the product.",
)
NAME_CLASH = Code(
    "HNS-S025",
    "one name for two things",
    "Within a product, transforms, inputs and input ports share one space of names, because SQL calls them by name. "
    "Rename one of the two.",
)
UNBUILT_TABLE = Code(
    "HNS-S026",
    "nothing builds this table",
    "A contract promises a table, but the product has neither a transform nor a file input of its name. Add "
    "`transforms/<table>.sql`, or a file input called like the table.",
)
CYCLE = Code(
    "HNS-S027",
    "products read each other in a circle",
    "Following input ports from a product leads back to it, so none of them can be built first. Remove one of the "
    "input ports on the path shown.",
)
IGNORED_FILE = Code(
    "HNS-S028",
    "file is not used",
    "A file or folder lies where descriptors are read, but its name gives it no meaning, so it has no effect. Rename "
    "or move it. A warning.",
)
UNKNOWN_METRIC = Code(
    "HNS-S029",
    "unknown quality metric",
    "A quality rule asks for a metric that is not one of the standard's library, or lacks what the metric needs. A "
    "rule that cannot run is an error, never skipped.",
)
MISMATCHED_NAME = Code(
    "HNS-S030",
    "name differs from the folder",
    "A domain's address is the name of its folder; a `name` in `domain.yaml` must say the same.",
)
NOT_CHECKED = Code(
    "HNS-S031",
    "recorded, not checked",
    "The contract says something that is kept and shown but that no check follows from. A warning.",
)
UNKNOWN_STATUS = Code(
    "HNS-S032",
    "unknown status",
    "A product's status is not one of proposed, draft, active, deprecated, retired; it is treated as draft. A warning.",
)
UNKNOWN_TABLE = Code(
    "HNS-S033",
    "settings of no table",
    "`pipeline.yaml` gives settings for a table that the product has neither a transform nor a contract for.",
)
UNKNOWN_PRODUCT = Code(
    "HNS-S034",
    "no such product",
    "The folder of the mesh holds no product of this address, or its descriptors could not be read.",
)
UNUSABLE_PORT_NAME = Code(
    "HNS-S035",
    "input port cannot be called by name",
    "An input port's name is not legal in SQL, so transforms reach its tables only as `domain.product.table`. A "
    "warning.",
)
NOT_DESCRIBED = Code(
    "HNS-S036",
    "not described yet",
    "A descriptor still says `TODO` where a meaning belongs, as `hanse new product` leaves it: nobody can guess what a "
    "column means or why it may be empty. A warning.",
)
CANNOT_MATERIALIZE = Code(
    "HNS-S037",
    "cannot be materialised that way",
    "The settings of a table in `pipeline.yaml` do not fit its contract: `merge` and `snapshot` need a primary key, "
    "`partition` needs partition keys, `snapshot` needs two timestamp columns for the history, a `window` needs a "
    "column of the type date, timestamp or integer and goes with `replace` only.",
)
RETENTION_TOO_LONG = Code(
    "HNS-S040",
    "kept for too long",
    "A domain or product asks to keep more releases, or to keep them for longer, than `retention.limit` in `mesh.yaml` "
    "allows. Ask for less, or have the limit raised.",
)
UNKNOWN_CONNECTION = Code(
    "HNS-S041",
    "no such connection",
    "An input reads a table through a connection that `mesh.yaml` does not have under `connections`.",
)
CONNECTION_NOT_YOURS = Code(
    "HNS-S042",
    "connection of other domains",
    "An input reads through a connection of `mesh.yaml` whose `domains` do not name the product's domain. Who runs the "
    "mesh decides which domains may read which database.",
)
DUPLICATE_ID = Code(
    "HNS-S043",
    "id given twice",
    "Two columns of a table, or two members of an object, have the same `id`. The standard asks for one of its own for "
    "each, and it tells which column is which when names change. Give one of them another id.",
)
UNCLEAR_RENAME = Code(
    "HNS-S044",
    "renaming that nobody can mean",
    "The custom property `was` names the column that a column was before. Each column can have become only one, and "
    "has left its name free, unless the one that is called so now says in turn what it was. Correct or remove `was`.",
)
CREDENTIALS_IN_ADDRESS = Code(
    "HNS-S047",
    "credentials in a file",
    "The address of an input holds a user's password, or a header that is a key to something has its value written "
    "out. Whoever reads the file, or a log of it, has them. Write `${NAME}` and set the variable, or use what the "
    "protocol's own library reads from its environment.",
)
SOURCE_NOT_ALLOWED = Code(
    "HNS-S048",
    "source not allowed",
    "An input leads where `sources.allow` in `mesh.yaml` does not let it: every address must begin with one of its "
    "prefixes, and so must every local path outside the mesh once there is such a list. Whoever runs the mesh adds the "
    "prefix.",
)
BAD_ADDRESS = Code(
    "HNS-S049",
    "address cannot be used",
    "The address of an input cannot be read, leads through another file system (`zip://`, `simplecache::`), climbs "
    "with `..`, or is a pattern where nothing can be listed: HTTP has no folders.",
)
CODES = {code.id: code for code in list(globals().values()) if isinstance(code, Code)}
"""Every code of this room by its id."""
