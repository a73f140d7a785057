"""The conformance suite of :class:`hanse.interfaces.FileSource`, and a web server to try it on."""

from hanse.testing.files.server import Reply, WebServer
from hanse.testing.files.suite import FilesSuite, ListingSuite

__all__ = ["FilesSuite", "ListingSuite", "Reply", "WebServer"]
