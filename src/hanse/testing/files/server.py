"""A web server on loopback that can be told to misbehave."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import unquote

_WRITTEN_BEFORE_S = 3600


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        body: pieces that are sent one after the other.
        length: of the header, None: the true one, -1: none at all.
        headers: beside ``Date`` and ``Content-Length``.
        pause: seconds before each piece.
        cut: the connection is reset after the last piece.
    """

    status: int = 200
    body: Iterable[bytes] = ()
    length: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    cut: bool = False


@dataclass(frozen=True)
class Request:
    """What was asked: the path with its query, and the headers, their names in lower case."""

    path: str
    headers: Mapping[str, str]


Answer = Callable[[Request], Reply]


class WebServer:
    """Serves what it was given by path; use it in a ``with`` statement.

    Files are served with ETags, conditions and ranges, as a good server does. Other answers are told beforehand: each
    is given once, before the file.

    Attributes:
        requests: everything that was asked, in order.
        has_ranges: parts of files may be asked for.
        has_validators: files have ETags.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.has_ranges = self.has_validators = True
        self._files: dict[str, bytes] = {}
        self._answers: dict[str, Answer] = {}
        self._once: dict[str, deque[Reply]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._server.server_address[1])

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def put(self, path: str, content: bytes) -> None:
        """Serve a file."""
        self._files[path] = content

    def remove(self, path: str) -> None:
        """Serve a file no longer."""
        self._files.pop(path, None)

    def answer(self, path: str, answer: Answer) -> None:
        """Answer every request for a path this way."""
        self._answers[path] = answer

    def once(self, path: str, *replies: Reply) -> None:
        """Give these answers to the next requests for a path, each once."""
        self._once.setdefault(path, deque()).extend(replies)

    def reply(self, request: Request) -> Reply:
        """Return the answer to a request."""
        self.requests.append(request)
        path = unquote(request.path.partition("?")[0])
        if self._once.get(path):
            return self._once[path].popleft()
        if path in self._answers:
            return self._answers[path](request)
        if path not in self._files:
            return Reply(404)
        return self.file(self._files[path], request)

    def file(self, content: bytes, request: Request) -> Reply:
        """Return the answer of a good server that has this file."""
        etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {"ETag": etag} if self.has_validators else {}
        if self.has_validators and request.headers.get("if-none-match") == etag:
            return Reply(304, headers=headers, length=-1)
        start = request.headers.get("range", "")
        if self.has_ranges and start and request.headers.get("if-range") in (None, etag):
            first = int(start.removeprefix("bytes=").partition("-")[0])
            told = {**headers, "Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
            return Reply(206, (content[first:],), headers=told)
        return Reply(200, (content,), headers=headers)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def modified_header() -> dict[str, str]:
    """Return a ``Last-Modified`` that lies far enough back to be believed."""
    return {"Last-Modified": formatdate(time.time() - _WRITTEN_BEFORE_S, usegmt=True)}


def _handler(owner: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request = Request(self.path, {name.lower(): value for name, value in self.headers.items()})
            reply = owner.reply(request)
            pieces = reply.body if reply.length is not None else [b"".join(reply.body)]
            self.close_connection = True
            self.send_response(reply.status)
            if reply.length is None:
                (whole,) = pieces
                self.send_header("Content-Length", str(len(whole)))
            elif reply.length >= 0:
                self.send_header("Content-Length", str(reply.length))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            try:
                self.end_headers()
                for piece in pieces:
                    time.sleep(reply.pause)
                    self.wfile.write(piece)
                    self.wfile.flush()
                if reply.cut:
                    self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # whoever asked has gone

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    return Handler
