"""Files of web servers, over the standard library's client."""

from hanse.drivers.http.files import HttpFiles, Patience

__all__ = ["HttpFiles", "Patience"]
