"""Codes of the registry (letter G)."""

from hanse.base import Code

REGISTRY_MISSING = Code(
    "HNS-G001",
    "no registry here",
    "The mesh has not been applied yet, or `registry.url` in `mesh.yaml` points to another place. "
    "Run `hanse apply` once, or correct the address.",
)
CANNOT_OPEN = Code(
    "HNS-G002",
    "the registry cannot be opened",
    "The folder of the control database is missing, a folder stands in its place, or this user may not read it. "
    "Create the folder, correct `registry.url`, or change the permissions.",
)
NOT_A_REGISTRY = Code(
    "HNS-G003",
    "not a registry",
    "The file is not a database, or the database belongs to something else. Nothing was changed in it. "
    "Point `registry.url` to a file of its own.",
)
CORRUPT = Code(
    "HNS-G004",
    "the registry is damaged",
    "The control database is malformed, usually after a disk failed or a file was copied while in use. "
    "Restore it from a backup; published tables are not touched by this.",
)
NEWER_VERSION = Code(
    "HNS-G005",
    "the registry is of a newer version",
    "A newer Hanse has upgraded the control database; this one would not understand it and refuses to try. "
    "Install the newer Hanse on this machine too.",
)
LOCKED = Code(
    "HNS-G006",
    "the registry is locked",
    "Another process kept the control database locked for longer than a writer waits. "
    "Try again; if it lasts, find the process that holds the file open.",
)
NOT_WRITABLE = Code(
    "HNS-G007",
    "the registry cannot be written",
    "The file or its folder is read-only for this user. Change the permissions, or run as the user who owns the mesh.",
)
STORAGE_FAILED = Code(
    "HNS-G008",
    "the disk of the registry failed",
    "The control database could not be read or written: the disk is full or reports errors. "
    "The transaction was rolled back; make room and try again.",
)
UNSUPPORTED_URL = Code(
    "HNS-G009",
    "unusable registry address",
    "`registry.url` is not an address of a control database. Supported are SQLite files: `sqlite:///path` relative "
    "to the mesh, `sqlite:////path` absolute, and `sqlite://` for one that lives as long as the process.",
)
PRODUCT_BUSY = Code(
    "HNS-G010",
    "the product is being run",
    "Another run of the same product holds a live lease; two runs of one product never overlap. "
    "Wait for it; if its process died, its lease ends by itself and the next run goes on from its records.",
)
RUN_LOST = Code(
    "HNS-G011",
    "the run was taken over",
    "This process held the run's lease too long without a sign of life, and another one took the run over, "
    "or the run has ended. Its writes are refused; what the other process records stands.",
)
UNKNOWN_RUN = Code(
    "HNS-G012",
    "no such run",
    "The registry knows no run of this id. `hanse runs` lists them.",
)
RUN_ENDED = Code(
    "HNS-G013",
    "the run has ended",
    "A run that has ended cannot be taken over. Start a new one.",
)
INCONSISTENT = Code(
    "HNS-G014",
    "the registry refuses the record",
    "The record contradicts what the registry holds: an identifier is taken, or something that it names does not "
    "exist. Nothing was changed. This is a defect in Hanse or in a program that uses it; please report it.",
)
UNRECORDABLE = Code(
    "HNS-G015",
    "a value cannot be recorded",
    "A document holds something that JSON cannot hold (NaN, an infinity, bytes, half a surrogate pair), a number "
    "has more than 64 bits, or a time has no time zone. Nothing was changed.",
)
DATABASE_FAILED = Code(
    "HNS-G016",
    "the control database failed",
    "The control database reported an error that has no code of its own; the message holds its words. "
    "The transaction was rolled back.",
)
EVENTS_BROKEN = Code(
    "HNS-G017",
    "the event log is broken",
    "The chain of hashes does not hold: an entry was changed, removed or moved after it was written, or the log is "
    "not the one that the given head was taken from. Compare with a backup and find out who could write the file.",
)
NO_SUCH_RELEASE = Code(
    "HNS-G019",
    "no such release",
    "The product has no release of this number, id, snapshot or time. `hanse releases` lists what there is.",
)
RELEASE_EXPIRED = Code(
    "HNS-G020",
    "the release has expired",
    "The release was marked as expired by the retention policy or by an erasure: its data may be gone, so it can be "
    "neither read nor rolled back to. Choose one that is kept; `retention` in `mesh.yaml` says how long that is.",
)
ALREADY_VISIBLE = Code(
    "HNS-G021",
    "nothing to roll back",
    "The release that was asked for is what readers see already, or there is none before it. Nothing was changed.",
)
RELEASED_MEANWHILE = Code(
    "HNS-G022",
    "released meanwhile",
    "Between the look at a product and the change of it, somebody made another release visible. Nothing was changed; "
    "look again and decide again.",
)
UPGRADE_FAILED = Code(
    "HNS-G018",
    "the registry could not be upgraded",
    "The control database of an older version could not be brought to this version; it was left as it was. "
    "Keep using the older Hanse and report the message.",
)
