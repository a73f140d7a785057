"""Floor 12: what people read about products."""

from hanse.catalog.products import list_products, show_product
from hanse.catalog.runs import check_report, release_document, run_details, run_document

__all__ = ["check_report", "list_products", "release_document", "run_details", "run_document", "show_product"]
