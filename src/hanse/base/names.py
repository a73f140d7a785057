"""Names and addresses of the things in a mesh."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hanse.base.codes import ILLEGAL_ADDRESS, ILLEGAL_NAME
from hanse.base.errors import HanseError

MAX_NAME = 63
MAX_OWNER_NAME = 28
RESERVED_DOMAINS = frozenset({"mesh"})
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_MAJOR_SUFFIX = re.compile(r"_v(\d+)$")


def name_fault(name: str, *, limit: int = MAX_NAME) -> str | None:
    """Say what is wrong with a name, or return None.

    Args:
        name: name of a domain, product, port or table (never of a column).
        limit: greatest length in characters; ``MAX_OWNER_NAME`` for domains and products.
    """
    if not _NAME.fullmatch(name):
        return "use lower-case letters, digits and single underscores, starting with a letter"
    if _MAJOR_SUFFIX.search(name):
        return "names never end in `_v<number>`: that suffix selects a major version"
    if len(name) > limit:
        return f"at most {limit} characters, this one has {len(name)}"
    return None


def suggest_name(name: str) -> str:
    """Return the nearest legal name, for a fix line."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    plain = _MAJOR_SUFFIX.sub("", plain)
    return plain if plain and plain[0].isalpha() else f"n_{plain}".rstrip("_")


@dataclass(frozen=True, slots=True, order=True)
class ProductName:
    """Address of a product within a mesh: ``domain.product``."""

    domain: str
    product: str

    def __str__(self) -> str:
        return f"{self.domain}.{self.product}"

    @classmethod
    def parse(cls, text: str) -> ProductName:
        """Read ``domain.product``.

        Raises:
            HanseError: HNS-N001 or HNS-N002 when the text is no legal product address.
        """
        parts = text.split(".")
        if len(parts) != 2:
            raise HanseError(
                ILLEGAL_ADDRESS, f"`{text}` is not a product's address", fix="write it as `domain.product`"
            )
        for part in parts:
            fault = name_fault(part, limit=MAX_OWNER_NAME)
            if fault:
                raise HanseError(ILLEGAL_NAME, f"`{part}` in `{text}` is not a legal name: {fault}")
        return cls(*parts)


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """Address of one table of a product: ``domain.product.table``, with its contract's major version.

    A table's name is unique within its product, so the port is not part of the SQL name. A table that belongs to no
    mesh has neither domain nor product; a name without a table stands for all tables of a contract.
    """

    domain: str
    product: str
    table: str
    major: int = 1

    def __str__(self) -> str:
        if not self.table:
            return f"{self.domain}.{self.product}" if self.domain else ""
        suffix = "" if self.major == 1 else f"_v{self.major}"
        owner = f"{self.domain}.{self.product}." if self.domain else ""
        return f"{owner}{self.table}{suffix}"

    @property
    def owner(self) -> ProductName:
        """The product that the table belongs to."""
        return ProductName(self.domain, self.product)

    @property
    def local(self) -> str:
        """Name within the product: ``table`` or ``table_v<major>`` from the second major on."""
        return self.table if self.major == 1 else f"{self.table}_v{self.major}"


def split_major(name: str) -> tuple[str, int | None]:
    """Split ``orders_v2`` into ``("orders", 2)``; ``orders`` gives ``("orders", None)``."""
    match = _MAJOR_SUFFIX.search(name)
    return (name[: match.start()], int(match.group(1))) if match else (name, None)
