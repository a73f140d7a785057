"""Codes of the catalogue (letter K)."""

from hanse.base import Code

NO_SUCH_PRODUCT = Code(
    "HNS-K001",
    "no such product in the catalogue",
    "Nothing of this name has been applied to the mesh. `hanse list` shows what has.",
)
NO_SUCH_RUN = Code(
    "HNS-K002",
    "no such run",
    "No run has this id, or several begin with these letters. `hanse runs` lists them.",
)
NO_SUCH_COLUMN = Code(
    "HNS-K003",
    "no such table or column in the catalogue",
    "The product was applied, but has no table or column of this name. `hanse show` lists them.",
)
