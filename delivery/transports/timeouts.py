"""How long each phase of an SMTP dialogue may take before we give up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds (RFC 5321 section 4.5.3.2): `command` is per reply, `data` per piece of the body that must leave."""

    connect: float = 30.0
    command: float = 300.0
    data: float = 180.0
    final_dot: float = 600.0
    quit: float = 5.0
