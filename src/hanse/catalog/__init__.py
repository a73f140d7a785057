"""Floor 12: what people read about products."""

from hanse.catalog.lineage import lineage
from hanse.catalog.products import list_products, show_product
from hanse.catalog.releases import known_product, list_releases, rollback_preview
from hanse.catalog.runs import check_report, release_document, run_details, run_document

__all__ = [
    "check_report",
    "known_product",
    "lineage",
    "list_products",
    "list_releases",
    "release_document",
    "rollback_preview",
    "run_details",
    "run_document",
    "show_product",
]
