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
    "A zip or gzip file is damaged or cut off, or a zip file does not hold exactly one file.",
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
ARCHIVE_TOO_LARGE = Code(
    "HNS-I005",
    "archive too large",
    "A zip file unpacks to far more than its own size, as a decompression bomb does. Deliver it unpacked if it is "
    "real.",
)
