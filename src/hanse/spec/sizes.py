"""Sizes in bytes, as people write them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(I?)B?\s*", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_size(text: str | float) -> int:
    """Return bytes: ``4 GB`` is 4,000,000,000, ``4 GiB`` is 4,294,967,296, a plain number is bytes.

    Raises:
        ValueError: it is no size.
    """
    match = _SIZE.fullmatch(str(text))
    if not match:
        raise ValueError("write a size such as `4 GB` or `512 MiB`")
    base = 1024 if match.group(3) else 1000
    return int(float(match.group(1)) * base ** _POWERS[match.group(2).upper()])
