"""Codes of sources (letter I)."""

from hanse.base import Code

FILE_MISSING = Code(
    "HNS-I001",
    "input file missing",
    "A file that `pipeline.yaml` names is not there. Paths are relative to the product's folder.",
)
FILE_EMPTY = Code(
    "HNS-I002",
    "input file empty",
    "The file has no content at all, not even a header: a delivery was probably cut off.",
)
ARCHIVE_UNREADABLE = Code(
    "HNS-I003",
    "archive unreadable",
    "A packed file is damaged or cut off, or a zip file does not hold exactly one file.",
)
FILE_UNREADABLE = Code(
    "HNS-I004",
    "input file unreadable",
    "The engine could not read the file in its format: wrong encoding, broken quoting, cut off, or another format "
    "than its name says. The reason is the engine's own, with a line number where it knows one.",
)
FILE_NOT_OPEN = Code(
    "HNS-I006",
    "input file belongs to somebody else",
    "A file input leads into the mesh's own storage or into another product's folder, perhaps by a symbolic link. What "
    "other products offer is read through an input port, so that it is what passed their contract.",
)
NO_MATCH = Code(
    "HNS-I007",
    "no file matches",
    "The path of a file input is a pattern (`*`, `?`, `[…]`, `**`), and no file matches it. With `only_new`, that is "
    "no error once something was taken in.",
)
FILES_DIFFER = Code(
    "HNS-I008",
    "files of one input do not fit together",
    "All files that match an input's pattern are one relation: they need the same columns, by name, and types that go "
    "together. `drift: ignore` or `drift: evolve` lets columns be missing; `columns` pins types.",
)
ARCHIVE_TOO_LARGE = Code(
    "HNS-I005",
    "archive too large",
    "A packed file unpacks to far more than its own size, as a decompression bomb does. Deliver it unpacked if it is "
    "real.",
)
