"""Fetching one file: conditions, redirects, other tries."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from urllib.parse import urljoin

from hanse.base import Code, IngestError
from hanse.drivers.http.body import Download
from hanse.drivers.http.connect import Interrupted, answered
from hanse.interfaces import Fetched, RemoteFile, Validator
from hanse.interfaces.codes import (
    CANNOT_LIST,
    FETCH_FAILED,
    FETCH_INCOMPLETE,
    REDIRECT_REFUSED,
    REMOTE_MISSING,
    REMOTE_REFUSED,
)
from hanse.spec.globs import is_glob
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import Url, parse_url

MAX_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_LATER = frozenset((408, 425, 429, 500, 502, 503, 504))
# A file may be written twice within the second that `Last-Modified` tells.
_SETTLED = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a server is asked.

    Attributes:
        attempts: tries in all.
        wait: seconds before the second try; each next wait is twice as long.
        longest_wait: seconds, also if the server asks for more.
        silence: seconds without a byte.
        whole: seconds for one file with all tries.
    """

    attempts: int = 4
    wait: float = 0.5
    longest_wait: float = 30.0
    silence: float = 30.0
    whole: float = 3600.0


class HttpFiles:
    """Files of web servers; a :class:`~hanse.interfaces.FileSource`.

    Args:
        settings: what may be read: redirects are held to it as well, and so are the addresses of hosts.
        patience: how long and how often a server is asked.
        context: how certificates are judged; None: as the operating system does.
    """

    def __init__(
        self, settings: SourceSettings, patience: Patience | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._patience = patience or Patience()
        self._context = context or ssl.create_default_context()

    def find(self, url: Url) -> Sequence[RemoteFile]:
        """See :meth:`hanse.interfaces.FileSource.find`: the file named is taken to be there."""
        if is_glob(str(url)):
            raise IngestError(CANNOT_LIST, "a web server cannot list its files", fix="name one file")
        return (RemoteFile(url),)

    def fetch(
        self, url: Url, target: str, *, known: Validator | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | None:
        """See :meth:`hanse.interfaces.FileSource.fetch`."""
        patience = self._patience
        until, wait = time.monotonic() + patience.whole, patience.wait
        keep_packed = url.path.lower().endswith(".gz")
        with Download(target, self._settings.max_bytes, keep_packed=keep_packed) as download:
            for attempt in range(1, patience.attempts + 1):
                try:
                    return self._attempt(url, download, known, headers or {}, until)
                except Interrupted as error:
                    pause = min(max(wait, error.wait or 0), patience.longest_wait)
                    if attempt == patience.attempts or time.monotonic() + pause > until:
                        raise _given_up(error, attempt, begun=download.received > 0) from None
                    time.sleep(pause)
                    wait *= 2
        raise AssertionError("the last attempt returns or raises")

    def _attempt(
        self, url: Url, download: Download, known: Validator | None, headers: Mapping[str, str], until: float
    ) -> Fetched | None:
        place, asked = url, _conditions(download, known)
        for _ in range(MAX_REDIRECTS + 1):
            own = headers if place.origin == url.origin else {}
            sent = {"User-Agent": "hanse", "Accept": "*/*", **own, "Accept-Encoding": "identity", **asked}
            silence = self._patience.silence
            with answered(place, sent, self._settings, self._context, silence=silence, until=until) as response:
                if response.status not in _REDIRECTS:
                    return _received(response, download, asked)
                place = self._next(place, response.getheader("Location"))
        raise IngestError(REDIRECT_REFUSED, f"its server sent the request on more than {MAX_REDIRECTS} times")

    def _next(self, place: Url, location: str | None) -> Url:
        """Return where a redirect leads, if that may be read.

        Raises:
            IngestError: HNS-F003: it may not.
        """
        try:
            target = parse_url(urljoin(str(place), location or ""))
        except ValueError:
            target = None
        if target is None or not location:
            raise IngestError(REDIRECT_REFUSED, "its server sent the request on to something that is no address")
        if place.scheme == "https" and target.scheme != "https":
            raise IngestError(REDIRECT_REFUSED, "its server sent the request on to a place without encryption")
        if not self._settings.permits(target):
            raise IngestError(
                REDIRECT_REFUSED,
                f"its server sent the request on to {target.origin}, which is not among what this mesh may read",
                fix="if that is right, add where it leads to `sources.allow` in `mesh.yaml`",
            )
        return target


def _conditions(download: Download, known: Validator | None) -> dict[str, str]:
    if download.is_resumable:
        return {"Range": f"bytes={download.received}-", "If-Range": str(download.etag)}
    if known and known.etag:
        return {"If-None-Match": known.etag}
    if known and known.modified:
        return {"If-Modified-Since": known.modified}
    return {}


def _received(response: HTTPResponse, download: Download, asked: Mapping[str, str]) -> Fetched | None:
    """Take an answer that is no redirect.

    Returns:
        The file; None: it is unchanged.

    Raises:
        Interrupted: another try may help.
        IngestError: it will not.
    """
    status = response.status
    if status == 200 or (status == 206 and "Range" in asked):
        download.take(response)
        return Fetched(download.bytes, download.sha256, _validator(response))
    if status == 304 and ("If-None-Match" in asked or "If-Modified-Since" in asked):
        return None
    if status == 416 and "Range" in asked:
        download.restart()
        raise Interrupted("its server has no such part")
    if status in _LATER:
        raise Interrupted(f"its server answered {status}", _seconds(response.getheader("Retry-After")))
    raise _refusal(status)


def _refusal(status: int) -> IngestError:
    what = f"its server answered {status}"
    code: Code
    if status in (404, 410):
        code, fix = REMOTE_MISSING, "correct the address, or deliver the file"
    elif status in (401, 403, 407):
        code, fix = REMOTE_REFUSED, "give `headers: {Authorization: '… ${TOKEN}'}` with a token that may read it"
    else:
        code, fix = FETCH_FAILED, "ask whoever runs the server"
    return IngestError(code, what, fix=fix)


def _given_up(error: Interrupted, attempts: int, *, begun: bool) -> IngestError:
    times = "once" if attempts == 1 else f"{attempts} times"
    code = FETCH_INCOMPLETE if begun else FETCH_FAILED
    return IngestError(code, error.why, why=f"it was tried {times}", fix="run again later")


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.strip().isdecimal() and len(text) < 10 else None


def _validator(response: HTTPResponse) -> Validator | None:
    etag, modified, date = (response.getheader(name) for name in ("ETag", "Last-Modified", "Date"))
    if not etag and modified:
        try:
            settled = parsedate_to_datetime(date or "") - parsedate_to_datetime(modified) >= _SETTLED
        except (TypeError, ValueError):
            settled = False
        modified = modified if settled else None
    found = Validator(etag, modified)
    return found if found.tells else None
