"""Addresses of files elsewhere: read, normalised so that prefixes can be compared, and shown without their secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_DEFAULT_PORTS = {"http": "80", "https": "443", "ftp": "21", "sftp": "22"}
_ALIASES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "ssh": "sftp", "abfss": "abfs"}
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
# Names of parameters whose values are keys to something.
_SECRET = re.compile(r"sig|token|key|secret|pass|pwd|auth|cred|session|jwt|policy|access|code", re.IGNORECASE)
_PARAMETER = re.compile(r"([?&;])([^=&;#\s]+)=([^&;#\s'\"`]*)")
_USER = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^/@\s]*:[^/@\s]*@")
# What these reach is other file systems, above all the local one, past every check of an address.
WRAPPERS = frozenset(
    (
        "arrow_hdfs", "asyncwrapper", "blockcache", "cached", "data", "dask", "dir", "dirfs", "file", "filecache",
        "generic", "git", "jlab", "jupyter", "lakefs", "libarchive", "local", "reference", "simplecache", "tar", "zip",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Url:
    """An address in one spelling, so that equal places have equal addresses.

    Attributes:
        scheme: in lower case; ``s3a`` is ``s3``, ``gcs`` is ``gs``, ``ssh`` is ``sftp``.
        authority: host and port, bucket, or container; of HTTP in lower case and without the usual port.
        path: from its first slash; of HTTP percent-encoded, and never with ``.`` or ``..``.
        query: without the question mark; only HTTP has one.
    """

    scheme: str
    authority: str
    path: str
    query: str = ""

    @property
    def is_http(self) -> bool:
        """Whether it is spoken to by HTTP."""
        return self.scheme in ("http", "https")

    @property
    def host(self) -> str:
        """The host, without port, user and brackets."""
        host = self.authority.rpartition("@")[2]
        if host.startswith("["):
            return host[1:].partition("]")[0]
        return host.partition(":")[0]

    @property
    def origin(self) -> str:
        """What HTTP calls the origin: who gets to see headers."""
        return f"{self.scheme}://{self.authority}"

    @property
    def folder(self) -> str:
        """The path up to and with its last slash before any mark of a pattern."""
        first = next((n for n, letter in enumerate(self.path) if letter in "*?["), len(self.path))
        return self.path[: self.path.rfind("/", 0, first) + 1]

    def __str__(self) -> str:
        return f"{self.origin}{self.path}" + (f"?{self.query}" if self.query else "")


def is_remote(path: str) -> bool:
    """Say whether the path of an input is an address of a file elsewhere."""
    found = _URL.match(path)
    return found is not None and found.group(1).lower() != "file"


def place_of(path: str) -> str:
    """Return a path as it is used from here on: that of ``file:///…`` is a local one, others are as they were."""
    for start in ("file://localhost/", "file:///"):
        if path.lower().startswith(start):
            return "/" + path[len(start) :]
    return path


def parse_url(text: str) -> Url:
    """Read an address.

    Raises:
        ValueError: why it cannot be used; the address is not in the message.
    """
    found = _URL.fullmatch(text)
    if not found:
        raise ValueError("it is no address: `scheme://…`")
    scheme, rest = found.group(1).lower(), found.group(2)
    scheme = _ALIASES.get(scheme, scheme)
    if scheme in ("http", "https"):
        return _http(scheme, rest)
    authority, _, path = rest.partition("/")
    if scheme in WRAPPERS or "::" in re.sub(r"\[[0-9A-Fa-f:.]*\]", "", authority) + path:
        raise ValueError("it leads through another file system, so where it ends cannot be checked")
    if has_password(text):
        raise ValueError("it holds a password")
    if not authority or _CONTROL.search(authority) or re.search(r"[\x00-\x1f\x7f]", path):
        raise ValueError("it names no host or bucket, or holds characters that no address has")
    if any(part == ".." for part in re.split(r"[/\\]", path)):
        raise ValueError("it leads upwards with `..`")
    usual = _DEFAULT_PORTS.get(scheme)
    return Url(scheme, authority.removesuffix(f":{usual}") if usual else authority, _without_dots(f"/{path}"))


def has_password(text: str) -> bool:
    """Say whether an address holds a user's password, or over HTTP any user."""
    found = _URL.fullmatch(text)
    if not found:
        return False
    user, at, _ = re.split(r"[/?#]", found.group(2), maxsplit=1)[0].rpartition("@")
    return bool(at) and (":" in user or found.group(1).lower() in ("http", "https"))


def _http(scheme: str, rest: str) -> Url:
    authority, ending = re.match(r"([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]  # it matches
    ending = ending.partition("#")[0]
    path, _, query = ending.partition("?")
    if "@" in authority:
        raise ValueError("it holds a user or a password")
    if not authority or _CONTROL.search(authority) or re.search(r"[\\%]", authority) or "\\" in path:
        raise ValueError("it names no host, or holds characters that no address has")
    if re.search(r"[\x00-\x1f\x7f]", ending):
        raise ValueError("it holds characters that no address has")
    return Url(scheme, _authority(scheme, authority), _http_path(path), quote(query, safe="%/:?#[]@!$&'()*+,;=~"))


def _authority(scheme: str, authority: str) -> str:
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]*))?", authority)
    if not found:
        raise ValueError("its host cannot be read")
    host, port = found.group(1).rstrip(".").lower(), found.group(2) or ""
    if not host.isascii():
        # Programs differ in what `ß` becomes, so they would differ in which host is meant.
        raise ValueError("its host has letters beyond ASCII: write it as it is registered, `xn--…`")
    if port and not 0 < int(port) < 1 << 16:
        raise ValueError("its port cannot be read")
    port = str(int(port)) if port else ""
    return host if port in ("", _DEFAULT_PORTS[scheme]) else f"{host}:{port}"


def _http_path(path: str) -> str:
    escaped = _ESCAPE.sub(_plain, quote(path, safe="%/:@!$&'()*+,;=~[]"))
    clean = _without_dots(escaped if escaped.startswith("/") else f"/{escaped}")
    # Some servers decode before they walk: a climb that only shows after decoding is refused, however often it is.
    decoded = clean
    for _ in range(3):
        decoded = unquote(decoded)
        if ".." in re.split(r"[/\\]", decoded):
            raise ValueError("it leads upwards with `..`")
    return clean


def _without_dots(path: str) -> str:
    """Return an absolute path without ``.`` and ``..``; empty names in it stay, because servers tell them apart."""
    kept: list[str] = []
    names = path.split("/")[1:]
    for name in names:
        if name == "..":
            del kept[-1:]
        elif name != ".":
            kept.append(name)
    ending = "/" if kept and kept[-1] and names[-1] in (".", "..") else ""
    return f"/{'/'.join(kept)}{ending}"


def _plain(escape: re.Match[str]) -> str:
    letter = chr(int(escape.group(1), 16))
    return letter if _UNRESERVED.fullmatch(letter) else escape.group(0).upper()


def redact(text: str) -> str:
    """Return a text with the passwords and signatures of all addresses in it left out."""

    def hidden(parameter: re.Match[str]) -> str:
        mark, name, value = parameter.groups()
        # A reference to a variable is no secret: it is how one is kept out.
        return f"{mark}{name}={'***' if _SECRET.search(name) and not value.startswith('${') else value}"

    return _USER.sub(r"\1***@", _PARAMETER.sub(hidden, text))


def without_secrets(url: Url) -> str:
    """Return an address without the parameters that change with every signature: what tells a file from another."""
    kept = [p for p in re.split("[&;]", url.query) if p and not _SECRET.search(p.partition("=")[0])]
    return str(Url(url.scheme, url.authority, url.path, "&".join(kept)))
