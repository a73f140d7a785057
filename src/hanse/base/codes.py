"""Codes of names and addresses (letter N), and of conditions that any room can meet."""

from hanse.base.errors import Code

ILLEGAL_NAME = Code(
    "HNS-N001",
    "illegal name",
    "Names of domains, products, ports and tables use lower-case letters, digits and single underscores, start with a "
    "letter, never hold `__` and never end in `_v<number>`; a domain and a product have at most 28 characters.",
)
ILLEGAL_ADDRESS = Code(
    "HNS-N002",
    "illegal address",
    "An address has the form `domain.product`, `domain.product.table` or `hanse://mesh/domain/product/port/table@major`.",
)
