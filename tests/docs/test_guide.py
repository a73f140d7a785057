"""Every example of the guide is run, and prints what the guide says."""

from pathlib import Path

import pytest
from guide_pages import run

PAGES = sorted((Path(__file__).parents[2] / "docs" / "guide").glob("*.md"))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_the_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    run(page, tmp_path)
