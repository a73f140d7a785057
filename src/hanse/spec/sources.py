"""Where inputs may come from: ``sources`` of ``mesh.yaml``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hanse.spec.sizes import parse_size
from hanse.spec.urls import Url, is_remote, parse_url, place_of

MAX_BYTES = 10_000_000_000
"""The largest file that is fetched if nothing is said."""
CACHE_BYTES = 20_000_000_000
"""How much of what was fetched is kept if nothing is said."""

if TYPE_CHECKING:
    import ipaddress

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class SourceSettings:
    """What may be read, and how much of it.

    Attributes:
        root: the mesh's folder, absolute: where local prefixes begin.
        allow: prefixes of addresses and of local paths, expanded; None: any local path, and nothing elsewhere.
        networks: private networks that hosts may lie in, such as ``10.0.0.0/8``.
        max_bytes: the largest file that is fetched.
        cache_bytes: how much of what was fetched is kept.
    """

    root: str = "/"
    allow: tuple[str, ...] | None = None
    networks: tuple[str, ...] = ()
    max_bytes: int = MAX_BYTES
    cache_bytes: int = CACHE_BYTES

    @cached_property
    def _urls(self) -> tuple[Url, ...]:
        return tuple(parse_url(entry) for entry in self.allow or () if is_remote(entry))

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        local = (place_of(entry) for entry in self.allow or () if not is_remote(entry))
        return tuple(os.path.realpath(os.path.join(self.root, entry)) for entry in local)

    def permits(self, url: Url, path: str | None = None) -> bool:
        """Say whether an address may be read, by what it says; where its host lies is another question.

        Args:
            url: the address.
            path: what of its path counts, None: all of it; of a pattern, its :attr:`~hanse.spec.urls.Url.folder`.
        """
        path = url.path if path is None else path
        return any(p.origin == url.origin and _is_below(path, p.path) for p in self._urls)

    def permits_local(self, path: str) -> bool:
        """Say whether a local path outside the mesh may be read, as far as ``allow`` is concerned.

        Args:
            path: absolute, with all links followed.
        """
        if self.allow is None:
            return True
        return any(_is_below(path, folder) for folder in self._folders)

    def permits_address(self, url: Url, address: Address) -> bool:
        """Say whether the host of an allowed address may lie there.

        Public addresses are open. Others (this machine, private networks, the metadata services of clouds) are open if
        ``networks`` holds them, or if ``allow`` names this very address, or ``localhost`` for this machine: a name may
        point anywhere, and whoever holds it may change that at any time.
        """
        import ipaddress  # for what is remote only

        real = _inside(address)
        if real.is_global and not real.is_multicast and not real.is_reserved:
            return True
        if any(real in ipaddress.ip_network(network, strict=False) for network in self.networks):
            return True
        if not self.permits(url):
            return False
        return (url.host == "localhost" and real.is_loopback) or _literal(url.host) == real


def sources_of(document: dict[str, Any] | None, root: str) -> SourceSettings:
    """Return the settings of ``sources`` of an expanded ``mesh.yaml``, which is known to be right."""
    found = document or {}
    allow = found.get("allow")
    return SourceSettings(
        root=root,
        allow=None if allow is None else tuple(map(str, allow)),
        networks=tuple(map(str, found.get("networks") or ())),
        max_bytes=parse_size(found["max_size"]) if found.get("max_size") is not None else MAX_BYTES,
        cache_bytes=parse_size(found["cache_size"]) if found.get("cache_size") is not None else CACHE_BYTES,
    )


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/")


def _literal(host: str) -> Address | None:
    import ipaddress

    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _inside(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to by translation or tunnel, if it does."""
    import ipaddress

    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
