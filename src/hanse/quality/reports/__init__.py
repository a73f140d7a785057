"""Reports for people and CI: pure functions from the one document of :func:`hanse.quality.report` to text."""

from hanse.quality.reports.html import to_html
from hanse.quality.reports.junit import to_junit
from hanse.quality.reports.markdown import to_markdown

__all__ = ["FORMATS", "to_html", "to_junit", "to_markdown"]

FORMATS = {"junit": to_junit, "markdown": to_markdown, "html": to_html}
"""Name of a format → the function that writes it."""
