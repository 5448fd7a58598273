"""What the short reasons of decisions mean, in a sentence that a person can act on, in their language."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from scenarios.decision import Decision

LANGUAGES = ("en", "fr", "de", "es")
_NO_REASON = "no-rule-match"


@functools.cache
def sentences(language: str) -> Mapping[str, str]:
    """The sentence of each reason in one of LANGUAGES."""
    text = (resources.files("lists") / "sentences" / f"{language}.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def sentence(decision: Decision, language: str = "en") -> str:
    """What to tell the person whom this decision refuses; a list's own reason text is shown as it is.

    `language` is a tag such as `fr` or `de-AT`; a language without sentences is answered in English.
    """
    known = sentences(_nearest(language))
    # A rule may name a text to send where a reason is meant; the word is the same.
    reason = decision.reason or decision.template or _NO_REASON
    return known.get(reason, reason)


def _nearest(language: str) -> str:
    base = language.replace("_", "-").lower().partition("-")[0]
    return base if base in LANGUAGES else "en"
