"""The badge stands what every provider has to stand: `pytest test_badge.py`, where Postroom is installed."""

import base64
import json
import os
from typing import Any, ClassVar

import postroom_badge
from joserfc import jws
from joserfc.jwk import ECKey

from identity.attacks.conformance import ProviderConformance
from identity.attacks.forgeries import FOREIGN_ADDRESS, Attempt, Forgery
from identity.provider import Inbound, Place

DESK = ECKey.generate_key("P-256")
STRANGER = ECKey.generate_key("P-256")
ISSUER = "https://badge.example"
HOUR = 3600
os.environ["BADGE_KEY"] = DESK.as_pem(private=False).decode()


def settings() -> postroom_badge.Settings:
    """What an operator would write."""
    return postroom_badge.Settings(desk="https://badge.example/desk", issuer=ISSUER, key="env:BADGE_KEY")


def claims(place: Place, nonce: str, address: str) -> dict[str, Any]:
    """What an honest desk says."""
    now = place.now // 1_000_000
    return {
        "iss": ISSUER,
        "aud": place.own_url,
        "sub": "badge-17",
        "nonce": nonce,
        "jti": f"badge-of-{nonce}",
        "iat": now,
        "exp": now + 300,
        "email": address,
        "email_verified": True,
    }


def signed(said: dict[str, Any], key: ECKey = DESK, **header: Any) -> str:
    """A badge."""
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    return jws.serialize_compact(
        {"alg": "ES256", **header}, json.dumps(said).encode(), key, registry=registry
    )


def unsigned(said: dict[str, Any]) -> str:
    """A badge with `alg: none`."""
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()) for each in ({"alg": "none"}, said))
    return ".".join(part.rstrip(b"=").decode() for part in parts) + "."


class TestBadge(ProviderConformance):
    """Every attack that a badge can be used for."""

    provider: ClassVar[Any] = postroom_badge

    def settings(self) -> postroom_badge.Settings:
        return settings()

    def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        place, nonce = attempt.place, attempt.kept["nonce"]
        good = claims(place, nonce, attempt.address)
        now = place.now // 1_000_000
        match forgery:
            case Forgery.GENUINE:
                badge = signed(good)
            case Forgery.UNVERIFIED_MAIL:
                badges = ({"email_verified": False}, {"email_verified": None}, {"email_verified": "true"})
                return {str(each): came_back(attempt, signed(good | each)) for each in badges}
            case Forgery.FOREIGN_DOMAIN:
                badge = signed(good | {"email": FOREIGN_ADDRESS})
            case Forgery.WRONG_AUDIENCE:
                badge = signed(good | {"aud": "https://other.example/auth/other/badge"})
            case Forgery.MIX_UP:
                badge = signed(good | {"iss": "https://other.example"})
            case Forgery.EXPIRED:
                badge = signed(good | {"iat": now - 2 * HOUR, "exp": now - HOUR})
            case Forgery.FUTURE:
                badge = signed(good | {"iat": now + HOUR, "exp": now + 2 * HOUR})
            case Forgery.ALG_NONE:
                badge = unsigned(good)
            case Forgery.KEY_IN_DOCUMENT:
                badge = signed(good, STRANGER, jwk=STRANGER.as_dict(private=False))
            case Forgery.TAMPERED:
                head, _, signature = signed(good).split(".")
                other = base64.urlsafe_b64encode(json.dumps(good | {"sub": "victim"}).encode()).decode()
                return {
                    "another text": came_back(attempt, f"{head}.{other.rstrip('=')}.{signature}"),
                    "by a stranger": came_back(attempt, signed(good, STRANGER)),
                }
            case _:
                return super().forge(forgery, attempt)
        return came_back(attempt, badge)


def came_back(attempt: Attempt, badge: str) -> Inbound:
    """The browser, back from the desk."""
    query = {"state": attempt.wish.state, "badge": badge}
    return Inbound("GET", f"{attempt.place.callback_url}?state={query['state']}&badge={badge}", query=query)
