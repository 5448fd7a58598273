"""What a mail server offers, as it says in its answer to EHLO (RFC 5321 section 4.1.1.1)."""

from dataclasses import dataclass

from delivery.transports.replies import parse_lines


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The service extensions that we use; `size` is the largest message in octets, 0 if no limit is known."""

    pipelining: bool = False
    size_offered: bool = False
    size: int = 0
    eight_bit: bool = False
    smtputf8: bool = False
    starttls: bool = False


def parse_capabilities(raw: bytes) -> Capabilities:
    """Read a whole EHLO reply (lines separated by LF); what we do not know is left out."""
    offered: dict[str, str] = {}
    for line in parse_lines(raw)[1][1:]:
        keyword, _, parameter = line.strip().partition(" ")
        offered.setdefault(keyword.upper(), parameter.strip())
    limit = offered.get("SIZE", "")
    return Capabilities(
        pipelining="PIPELINING" in offered,
        size_offered="SIZE" in offered,
        size=int(limit) if limit.isascii() and limit.isdigit() and len(limit) <= 20 else 0,
        eight_bit="8BITMIME" in offered,
        smtputf8="SMTPUTF8" in offered,
        starttls="STARTTLS" in offered,
    )
