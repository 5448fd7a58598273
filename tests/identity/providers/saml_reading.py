"""What stands in a SAML provider's requests, and what it makes of an answer."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("saml2")

from identity.provider import (
    Evidence,
)
from identity.saml.redirects import unpacked
from identity.saml.signatures import Trust
from tests.identity.providers.saml_world import (
    begun,
    pair,
    settings,
    university,
)


def trust_in(idp: str, name: str) -> Trust:
    return Trust(idp, (pair(name).der,), allow_sha1=False, program="xmlsec1")


def request_in(url: str) -> ET.Element:
    return ET.fromstring(unpacked(parse_qs(urlsplit(url).query)["SAMLRequest"][0], 100_000))


async def evidence_of(folder: Path, changes: dict[str, Any], **more: Any) -> Evidence:
    attempt = await begun(settings(folder, **more))
    return await attempt.bring(university().response(replace(attempt.said, **changes)))
