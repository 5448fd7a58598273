"""Whether a client address lies in a block of addresses."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

_PARTIAL = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3}){0,3})(\.?|/[0-9]{1,2})\Z")
_WITH_MASK = re.compile(r"([0-9.]+):([0-9.]+\.[0-9.]+)\Z")
_AROUND = re.compile(r"\s*([/\-])\s*")
_EVERYWHERE = frozenset({"any", "default"})
_MAPPED = 0xFFFF << 32

Block = tuple[int, int]


class BadNetmask(Exception):
    """This is not a block of addresses; write 192.0.2.0/24, 192.0.2.0:255.255.255.0, 2001:db8::/32, any or default."""

    code = "SCENARIO_NETMASK"


def block_of(written: str, *, with_masks: bool = True) -> Block:
    """The first and the last address of a block, as 128-bit numbers; raises BadNetmask.

    `a.b.c` with fewer than four numbers is the block that they begin; `a.b.c.d-e.f.g.h` must be exactly one block.
    An IPv4 address and its form in IPv6 (RFC 4291, section 2.5.5.2) are the same. `with_masks` allows `a.b.c.d:mask`.
    """
    text = _AROUND.sub(r"\1", written.strip())
    if text in _EVERYWHERE:
        return 0, 2**128 - 1
    try:
        return _read(text, with_masks=with_masks)
    except ValueError as wrong:
        raise BadNetmask(written) from wrong


def _read(text: str, *, with_masks: bool) -> Block:
    if partial := _PARTIAL.match(text):
        numbers = partial[1].split(".")
        length = partial[2] if partial[2].startswith("/") else f"/{8 * len(numbers)}"
        if length.startswith("/0") and length != "/0":
            raise ValueError(text)
        return _ends(".".join([*numbers, *["0"] * (4 - len(numbers))]) + length)
    if "-" in text:
        first, _, last = text.partition("-")
        ends = _number(first.strip()), _number(last.strip())
        size = ends[1] - ends[0] + 1
        if size < 1 or size & (size - 1) or ends[0] % size:
            raise ValueError(text)
        return ends
    if (masked := _WITH_MASK.match(text)) and with_masks:
        return _ends(f"{masked[1]}/{masked[2]}")
    if "." in text.partition("/")[2]:
        raise ValueError(text)
    return _ends(text)


def _ends(text: str) -> Block:
    network = ip_network(text)
    if isinstance(network, IPv6Network):
        if network.network_address.ipv4_mapped is not None and network.prefixlen < 128:
            raise ValueError(text)
        return int(network.network_address), int(network.broadcast_address)
    return _MAPPED + int(network.network_address), _MAPPED + int(network.broadcast_address)


def _number(text: str) -> int:
    address = ip_address(text)
    return int(address) if isinstance(address, IPv6Address) else _MAPPED + int(address)


def lies_in(client: str, block: Block) -> bool:
    """Whether the client's address lies in the block; raises BadNetmask for a client that is no address."""
    try:
        number = _number(client)
    except ValueError as wrong:
        raise BadNetmask(client) from wrong
    return block[0] <= number <= block[1]
