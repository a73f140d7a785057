"""Columns that may hold personal data, told by their names."""

from __future__ import annotations

import re

PERSONAL = (
    ("email", re.compile(r".*e_?mail.*"), "e-mail addresses"),
    ("phone", re.compile(r".*(?:phone|mobile|fax|(?:^|_)tel(?:_|$)).*"), "telephone numbers"),
    ("iban", re.compile(r".*iban.*|.*account_?(?:no|number).*|.*bank.*|.*card_?(?:no|number).*"), "bank accounts"),
    (
        "name",
        re.compile(
            r"(?:.*_)?(?:first|last|given|family|full|sur|middle|user|nick|contact|person|customer)_?name|surname"
        ),
        "names of people",
    ),
    ("name", re.compile(r"name"), "names of people, perhaps"),
    ("address", re.compile(r".*(?:address|street|postcode|post_code|zip_?code|(?:^|_)zip(?:_|$)).*"), "addresses"),
    ("birth", re.compile(r".*birth.*|dob"), "dates of birth"),
    ("number", re.compile(r".*(?:passport|social_security|ssn|tax_id|national_id).*"), "official numbers of people"),
)
"""Kind, pattern of names in lower case with underscores, and what is meant, in words; the first that fits counts."""


def by_name(name: str) -> tuple[str, str] | None:
    """Return the kind of personal data that a column of this name may hold, and what it is in words."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return next(((kind, what) for kind, pattern, what in PERSONAL if pattern.fullmatch(plain)), None)


def by_kind(kind: str) -> str:
    """Return in words what a kind of personal data is."""
    return next(what for known, _, what in PERSONAL if known == kind)
