"""What other writers of Iceberg leave behind."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path


def written_by_another(folder: Path, change: Callable[[str], str]) -> None:
    """Change the metadata of the only table as another writer would: in a new file, whose name tells nothing."""
    with sqlite3.connect(folder / "catalog.db") as catalog:
        (old,) = catalog.execute("SELECT metadata_location FROM iceberg_tables").fetchone()
        new = Path(old).with_name(f"00007-{uuid.uuid4()}.metadata.json")
        new.write_text(change(Path(old).read_text()))
        catalog.execute("UPDATE iceberg_tables SET metadata_location = ?", (str(new),))
    catalog.close()
