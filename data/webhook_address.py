"""Where webhooks may be sent to: addresses of the public Internet, and the networks an operator names.

A receiver is chosen by whoever owns an organisation, and this server can reach what they cannot: the
database, neighbours, the cloud's own metadata. So an address is looked at twice: as it is written, when it is
kept; and as what its name resolves to, each time before it is connected to (`jobs/webhook_request.py`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Networks = Sequence[Network]

LONGEST = 2_000
PORTS = (443, 8443)
"""Of receivers on the public Internet."""
_WRITTEN = re.compile(r"[!-\[\]-~]+")
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*{_LABEL}\.?")
_PUBLIC_6 = ipaddress.ip_network("2000::/3")
_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",  # Protocols' own.
        "192.88.99.0/24",  # Relays from IPv6 into IPv4.
        "224.0.0.0/3",  # To many at once, and what is reserved.
        "2001::/23",  # Protocols' own; Teredo, which leads on into IPv4.
        "2001:db8::/32",  # For books.
        "2002::/16",  # 6to4, which leads on into IPv4.
        "3fff::/20",  # For books.
    )
)


class BadAddress(ValueError):
    """Nothing is sent there; the text says why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a webhook goes. `path` has the query."""

    secure: bool
    host: str
    port: int
    path: str


def host_of(url: str) -> str:
    """Scheme, server and port of an address: what may be told to whoever may not know the rest."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def parsed(url: str, allowed: Networks = ()) -> Address:
    """The address as it is written. Raises BadAddress for what can be told from that alone."""
    if len(url) > LONGEST:
        raise BadAddress(f"An address has at most {LONGEST:,} characters.")
    if not _WRITTEN.fullmatch(url):
        raise BadAddress("An address has no spaces, backslashes or characters beyond ASCII.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress("That is no address.") from None
    if parts.scheme not in ("https", "http") or not host:
        raise BadAddress("An address begins with https://.")
    if "@" in parts.netloc:
        raise BadAddress("An address has no user and no password in it.")
    if parts.fragment or "#" in url:
        raise BadAddress("An address has no part behind a #.")
    secure = parts.scheme == "https"
    if not secure and not allowed:
        raise BadAddress("An address begins with https://.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = Address(secure, host, (443 if secure else 80) if port is None else port, path)
    literal = _literal(host)
    if literal is None and not _NAME.fullmatch(host):
        raise BadAddress("That is no name of a server.")
    if not allowed:
        _require_port(found)
    if literal is not None:
        require(found, [host], allowed)
    return found


def require(address: Address, resolved: Iterable[str], allowed: Networks = ()) -> None:
    """Raises BadAddress unless every one of these IP addresses may be connected to for this address."""
    inside = []
    for text in resolved:
        found = _literal(text)
        if found is None:
            raise BadAddress("That is no address.")
        own = any(found in network for network in allowed if network.version == found.version)
        if not own and not is_public(found):
            raise BadAddress("It does not lead to the public Internet.")
        inside.append(own)
    if not inside:
        raise BadAddress("Its name leads nowhere.")
    if not all(inside):
        if not address.secure:
            raise BadAddress("Outside of the operator's own networks an address begins with https://.")
        _require_port(address)


def is_public(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether anybody on the Internet may own it: nothing private, reserved, for many, or leading on."""
    if found.version == 6 and found not in _PUBLIC_6:
        return False  # Loopback, link-local, unique local, IPv4 within IPv6, NAT64, and what may come.
    if any(found in network for network in _REFUSED if network.version == found.version):
        return False
    return found.is_global and not found.is_multicast


def _require_port(address: Address) -> None:
    if address.port not in PORTS:
        raise BadAddress(f"An address has one of these ports: {', '.join(map(str, PORTS))}.")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if "%" in host:  # A zone: only local addresses have one.
        raise BadAddress("That is no address.")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
