"""Forgeries for CAS: tickets that nobody gave, and notices of a logout that nobody sent."""

from typing import Any
from urllib.parse import quote

from identity.attacks.common import common, returned
from identity.attacks.forgeries import Attempt, CannotForge, Forged, Forgery
from identity.provider import Inbound


def forged(_settings: Any, forgery: Forgery, attempt: Attempt) -> Forged:
    """What a stranger can send; raises CannotForge."""
    match forgery:
        case Forgery.TAMPERED:
            other = quote("https://attack.example/", safe="")
            tickets = {
                "a ticket that nobody gave": "ST-1-attack",
                "a ticket with another service behind it": f"ST-1-attack&service={other}",
                "a ticket with markup": "ST-1-attack</cas:user>",
                "a proxy ticket": "PT-1-attack",
                "no ticket": "",
            }
            return {title: returned(attempt, ticket=ticket) for title, ticket in tickets.items()}
        case Forgery.FORGED_LOGOUT:
            doctype = '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]><r>&e;</r>'
            notices = {"no notice": "", "no XML": "victim", "an external entity": doctype}
            url = f"{attempt.place.own_url}/heard"
            return {
                title: Inbound("POST", url, form={"logoutRequest": text}, peer="203.0.113.9")
                for title, text in notices.items()
            }
        case Forgery.BARE_CALLBACK | Forgery.NO_STATE | Forgery.SPOOFED_HEADER:
            return common(forgery, attempt)
        case Forgery.EMPTY_PASSWORD | Forgery.FILTER_INJECTION:
            return common(forgery, attempt)
    raise CannotForge("only the server could answer for such a ticket, and we ask none but it")
