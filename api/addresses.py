"""From where somebody asks, as it is counted. Of IPv6 one household has a whole /64 to ask from: all of it is
one address."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv6Address

from flask import request

_HOST_BITS = 64


def counted() -> str:
    """The address of this request, as it is counted."""
    return as_counted(request.remote_addr or "")


def as_counted(address: str) -> str:
    """An IPv4 address as it is, also when it is written as IPv6; the network of an IPv6 address."""
    if ":" not in address:
        return address
    try:
        found = IPv6Address(address)
    except AddressValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"
