"""Connections to addresses that were looked up once, judged, and are connected to as they were judged.

A name that leads elsewhere when it is asked a second time (DNS rebinding) leads nowhere here: there is no second time.
"""

from __future__ import annotations

import errno
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from hanse.base import IngestError
from hanse.interfaces.codes import FETCH_FAILED, PRIVATE_ADDRESS
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import Url

_CONNECT_SECONDS = 10.0
_OUR_DISK = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS))


class Interrupted(Exception):
    """The network failed in a way that another try may not meet.

    Args:
        why: what happened, without addresses.
        wait: seconds that the server asks to wait, None: not said.
    """

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.why, self.wait = why, wait


@contextmanager
def answered(
    url: Url,
    headers: Mapping[str, str],
    settings: SourceSettings,
    context: ssl.SSLContext,
    *,
    silence: float,
    until: float,
) -> Iterator[http.client.HTTPResponse]:
    """Ask for a file, and hand out the answer with its body unread.

    Args:
        url: where it is.
        headers: all that are sent beside ``Host``.
        settings: which addresses may be connected to.
        context: how certificates are judged.
        silence: seconds that the server may be silent.
        until: of the monotonic clock: the connection is cut then, whatever is under way.

    Raises:
        IngestError: HNS-F004, HNS-F005: the host may not be connected to, or its certificate is not good.
        Interrupted: it could not be reached, or the connection was cut.
    """
    with _cut_off():
        plain = _dial(url, settings, min(_CONNECT_SECONDS, max(until - time.monotonic(), 0.1)))
    plain.settimeout(silence)
    with plain, _cut_at(plain, until), _cut_off():
        sock = context.wrap_socket(plain, server_hostname=url.host) if url.scheme == "https" else plain
        with sock, _asked(url, headers, sock) as response:
            yield response


def _asked(url: Url, headers: Mapping[str, str], sock: socket.socket) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("-")  # it never connects by itself: it is given its socket
    connection.sock = sock
    target = url.path + (f"?{url.query}" if url.query else "")
    try:
        connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": url.authority, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse()
    except ValueError as error:
        # Its text holds the value: a header, or what the server sent.
        raise Interrupted(f"the request or its answer is malformed ({type(error).__name__})") from None


def _dial(url: Url, settings: SourceSettings, seconds: float) -> socket.socket:
    allowed = _addresses(url, settings)
    failure: OSError | None = None
    for address, port in allowed:
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            failure = error
    raise Interrupted(f"it cannot be reached: {(failure and failure.strerror) or 'timed out'}")


def _addresses(url: Url, settings: SourceSettings) -> list[tuple[str, int]]:
    port = url.authority.rpartition("]")[2].rpartition(":")[2]
    number = int(port) if port.isdigit() and ":" in url.authority.rpartition("]")[2] else _usual_port(url)
    try:
        found = socket.getaddrinfo(url.host, number, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Interrupted("its host is not known") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    allowed = [a for a in addresses if settings.permits_address(url, ipaddress.ip_address(a))]
    if not allowed:
        raise IngestError(
            PRIVATE_ADDRESS,
            "its host lies on this machine or in a private network",
            fix="if that is right, add the network to `mesh.yaml`, for example `sources: {networks: [10.0.0.0/8]}`",
        )
    return [(address, number) for address in allowed]


def _usual_port(url: Url) -> int:
    return 443 if url.scheme == "https" else 80


@contextmanager
def _cut_at(sock: socket.socket, until: float) -> Iterator[None]:
    """Cut a connection at a time, also when whoever reads it is kept waiting byte by byte."""
    double = socket.socket(fileno=os.dup(sock.fileno()))

    def cut() -> None:
        with suppress(OSError):
            double.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(max(until - time.monotonic(), 0), cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        watch.join()
        double.close()


@contextmanager
def _cut_off() -> Iterator[None]:
    """Raise what the network and the protocol's reader raise as :class:`Interrupted`, without their texts."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise IngestError(
            FETCH_FAILED,
            "the certificate of its server is not good",
            why=error.verify_message,
            fix="use the host's right name; a certificate authority of your own goes into `SSL_CERT_FILE`",
        ) from None
    except TimeoutError:
        raise Interrupted("its server is silent") from None
    except ConnectionError as error:
        raise Interrupted(f"the connection was cut ({type(error).__name__})") from None
    except (ssl.SSLError, http.client.HTTPException) as error:
        raise Interrupted(f"its server does not answer as it should ({type(error).__name__})") from None
    except OSError as error:
        if error.errno in _OUR_DISK:
            raise
        raise Interrupted(f"the connection failed ({type(error).__name__})") from None
