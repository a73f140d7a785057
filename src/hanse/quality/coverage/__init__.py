"""Every field of ODCS, and what becomes of it here. A test walks the standard's schema, so none can be forgotten."""

from __future__ import annotations

from hanse.quality.coverage.contract import HEAD, PEOPLE, SERVERS
from hanse.quality.coverage.rules import CONTEXT, QUALITY, SERVICE_LEVELS
from hanse.quality.coverage.schema import ELEMENTS, OPTIONS, RELATIONSHIPS
from hanse.quality.coverage.treatment import How, Treatment, Treatments

__all__ = ["SECTIONS", "TREATMENTS", "How", "Treatment"]

SECTIONS: dict[str, Treatments] = {
    "The contract": HEAD,
    "Tables and properties": ELEMENTS,
    "Options of logical types": OPTIONS,
    "Relationships": RELATIONSHIPS,
    "Quality rules": QUALITY,
    "Service levels": SERVICE_LEVELS,
    "Context": CONTEXT,
    "Servers": SERVERS,
    "People, prices and links": PEOPLE,
}
"""Title → the fields of a part of the standard, in the order of the documentation."""

TREATMENTS: Treatments = {field: how for fields in SECTIONS.values() for field, how in fields.items()}
"""Field, as :func:`hanse.spec.odcs_fields.all_fields` writes it → what becomes of it."""
