"""A federation's metadata over HTTP: pinned, bounded, fetched behind people's backs, and outlived (pitfall 34)."""

import asyncio
import gzip
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("saml2")

from identity.provider import NotProved, Place, ProviderAway, Redirect, Wish
from identity.providers import saml
from identity.providers.saml import OrganizationNeeded
from identity.saml.documents import instant_text
from identity.saml.settings import Settings
from mail.instant import DAY, HOUR
from tests.identity.providers.saml_idp import SIGNATURE, SmallIdp
from tests.identity.providers.saml_world import (
    NOW,
    OTHER,
    PLACE,
    UNIVERSITY,
    other,
    pair,
    settings,
    stranger,
    university,
)
from tests.identity.providers.xmlsec1 import need_xmlsec1
from tests.wire.hostile_web import HostileWeb, Says, hostile_web

pytestmark = pytest.mark.system
_ALL = """<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="{id}"{more}>{signature}{inner}\
</md:EntitiesDescriptor>"""
_NAME = "urn:oasis:names:tc:SAML:2.0:metadata:EntitiesDescriptor"
FEDERATION = SmallIdp("https://federation.example", pair("federation"))
XML = "application/samlmetadata+xml"


@pytest.fixture
def web() -> Iterator[HostileWeb]:
    need_xmlsec1()
    with hostile_web() as running:
        yield running


def published(
    *idps: SmallIdp, until: int | None = NOW + 7 * DAY, signer: SmallIdp = FEDERATION, id: str = "all"
) -> bytes:
    """Signed metadata of several."""
    more = "" if until is None else f' validUntil="{instant_text(until)}"'
    signature = SIGNATURE.format(id=id, certificate=signer.pair.der)
    written = _ALL.format(
        id=id, more=more, signature=signature, inner="".join(one.metadata() for one in idps)
    )
    return signer.sign_any(written, _NAME, id).encode()


def known(folder: Path, web: HostileWeb, **more: Any) -> Settings:
    """Settings that know the federation alone."""
    (folder / "federation.crt").write_text(FEDERATION.pair.certificate)
    pinned = {"metadata_certificate": f"file:{folder}/federation.crt", "metadata_files": []}
    return settings(folder, **{"metadata_url": f"{web.url}/all", **pinned, **more})


async def begin(settings: Settings, organization: str = UNIVERSITY, *, now: int = NOW) -> Redirect:
    begun = await saml.begin(settings, replace(PLACE, now=now), Wish(state="x", organization=organization))
    assert isinstance(begun, Redirect)
    return begun


async def refused(settings: Settings, *, now: int = NOW) -> str:
    """What is told to the operator."""
    with pytest.raises(ProviderAway) as away:
        await begin(settings, now=now)
    return away.value.detail


async def until(web: HostileWeb, path: str, count: int) -> None:
    """Wait for something that happens behind a sign-in."""
    for _ in range(100):
        if web.count(path) >= count:
            await asyncio.sleep(0.1)
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{path} was asked for {web.count(path)} times")


async def test_whoever_is_in_signed_metadata_may_be_chosen(web: HostileWeb, tmp_path: Path) -> None:
    web.says("/all", Says(published(university(), other()), media_type=XML))
    settings = known(tmp_path, web)
    assert (await begin(settings)).url.startswith("https://idp.example.edu/sso")
    assert (await begin(settings, OTHER)).url.startswith("https://idp.other.example/sso")
    with pytest.raises(NotProved):
        await begin(settings, "https://evil.example/saml")
    with pytest.raises(OrganizationNeeded):
        await begin(settings, "")
    assert [one.name for one in await saml.organizations(settings, "college")] == ["Other College"]
    assert web.count("/all") == 1


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (lambda: published(university(), signer=stranger()), "not by the certificate"),
        (
            lambda: published(university()).replace(b"idp.example.edu/sso", b"evil.example/sso"),
            "not by the certificate",
        ),
        (lambda: university().metadata().encode(), "0 elements Signature"),
        (lambda: published(university(), until=NOW), "lapsed"),
        (lambda: b"<!DOCTYPE x>" + published(university()), "DTD"),
        (lambda: b"<html></html>", "0 elements Signature"),
        (lambda: b"", "not well-formed"),
        (
            lambda: published(university()).replace(b'ID="all"', b'ID="forged"', 1),
            "about something else",
        ),
    ],
)
async def test_metadata_that_is_not_the_federations_is_not_believed(
    web: HostileWeb, tmp_path: Path, document: Any, words: str
) -> None:
    web.says("/all", Says(document(), media_type=XML))
    assert words in await refused(known(tmp_path, web))


async def test_metadata_wrapped_around_the_genuine_one_is_refused(web: HostileWeb, tmp_path: Path) -> None:
    genuine = published(university()).decode()
    inner = genuine[genuine.index("<md:Entities") :]
    forged = _ALL.format(id="forged", more="", signature="", inner=stranger().metadata() + inner)
    for wrapped in (forged, forged.replace('ID="forged"', 'ID="all"')):
        web.says("/all", Says(wrapped.encode(), media_type=XML))
        with pytest.raises(ProviderAway):
            await begin(known(tmp_path, web, refresh_hours=len(wrapped) % 100 + 1))


async def test_answers_that_are_too_large_or_lead_elsewhere_are_not_followed(
    web: HostileWeb, tmp_path: Path
) -> None:
    web.says("/all", Says(b"x" * 65536, endless=True, media_type=XML))
    assert "larger than" in await refused(known(tmp_path, web, metadata_max_mb=1))
    web.says("/moved", Says(b"", status=302, headers={"Location": f"{web.url}/all"}))
    assert "status 302" in await refused(known(tmp_path, web, metadata_url=f"{web.url}/moved"))
    web.says("/broken", Says(b"", status=500))
    assert "status 500" in await refused(known(tmp_path, web, metadata_url=f"{web.url}/broken"))


async def test_compressed_metadata_is_not_unpacked(web: HostileWeb, tmp_path: Path) -> None:
    squeezed = Says(
        gzip.compress(published(university())), media_type=XML, headers={"Content-Encoding": "gzip"}
    )
    web.says("/all", squeezed)
    assert "compressed" in await refused(known(tmp_path, web))


async def test_nobody_waits_long_for_a_slow_federation_and_it_is_not_asked_again_at_once(
    web: HostileWeb, tmp_path: Path
) -> None:
    web.says("/all", Says(published(university()), media_type=XML, drips=0.5))
    settings, started = known(tmp_path, web), time.monotonic()
    assert "still being fetched" in await refused(settings)
    assert time.monotonic() - started < 6
    web.says("/broken", Says(b"", status=500))
    broken = known(tmp_path, web, metadata_url=f"{web.url}/broken")
    for _ in range(5):
        await refused(broken)
    assert web.count("/broken") == 1
    await refused(broken, now=NOW + 2 * HOUR)
    assert web.count("/broken") == 2


async def test_old_metadata_is_fetched_behind_a_sign_in_and_outlives_the_server(
    web: HostileWeb, tmp_path: Path
) -> None:
    web.says("/all", Says(published(university()), media_type=XML))
    settings = known(tmp_path, web, refresh_hours=12)
    await begin(settings)
    await begin(settings, now=NOW + 11 * HOUR)
    assert web.count("/all") == 1
    web.says("/all", Says(b"", status=500))
    await begin(settings, now=NOW + 13 * HOUR)
    await until(web, "/all", 2)
    await begin(settings, now=NOW + 6 * DAY)
    await until(web, "/all", 3)
    assert "status 500" in await refused(settings, now=NOW + 7 * DAY + HOUR)
    web.says("/all", Says(published(university(), until=NOW + 30 * DAY), media_type=XML))
    assert (await begin(settings, now=NOW + 8 * DAY)).url.startswith("https://idp.example.edu/sso")


async def test_what_does_not_say_how_long_it_holds_is_kept_for_two_weeks(
    web: HostileWeb, tmp_path: Path
) -> None:
    web.says("/all", Says(published(university(), until=None), media_type=XML))
    settings = known(tmp_path, web)
    await begin(settings)
    web.says("/all", Says(b"", status=500))
    await begin(settings, now=NOW + 13 * DAY)
    await until(web, "/all", 2)
    assert "status 500" in await refused(settings, now=NOW + 15 * DAY)


async def test_a_copy_helps_a_restarted_server_and_is_checked_as_well(
    web: HostileWeb, tmp_path: Path
) -> None:
    now = time.time_ns() // 1000
    web.says("/all", Says(published(university(), until=now + 7 * DAY), media_type=XML))
    copy = tmp_path / "federation.xml"
    settings = known(tmp_path, web, metadata_copy=str(copy))
    await begin(settings, now=now)
    genuine = copy.read_bytes()
    web.says("/gone", Says(b"", status=500))
    # another address stands for another process: it remembers nothing, and finds the copy
    restarted = known(tmp_path, web, metadata_copy=str(copy), metadata_url=f"{web.url}/gone")
    await begin(restarted, now=now)
    assert web.count("/gone") == 0
    copy.write_bytes(genuine.replace(b"idp.example.edu/sso", b"evil.example/sso"))
    web.says("/gone2", Says(b"", status=500))
    assert "status 500" in await refused(
        known(tmp_path, web, metadata_copy=str(copy), metadata_url=f"{web.url}/gone2"), now=now
    )


async def test_a_query_server_is_asked_for_one_identity_provider_at_a_time(
    web: HostileWeb, tmp_path: Path
) -> None:
    path = f"/entities/{quote(UNIVERSITY, safe='')}"
    web.says(path, Says(published(university()), media_type=XML))
    web.says(f"/entities/{quote(OTHER, safe='')}", Says(published(university(), id="x"), media_type=XML))
    settings = known(tmp_path, web, metadata_url="", mdq_url=web.url)
    for _ in range(3):
        assert (await begin(settings)).url.startswith("https://idp.example.edu/sso")
    assert web.count(path) == 1
    with pytest.raises(NotProved):
        await begin(settings, OTHER)  # the answer is about somebody else
    with pytest.raises(OrganizationNeeded):
        await begin(settings, "")
    with pytest.raises((NotProved, ProviderAway)):
        await begin(settings, "https://idp.example.edu/../evil")


async def test_a_large_federation_is_searched_and_shown_fifty_at_a_time(
    web: HostileWeb, tmp_path: Path
) -> None:
    many = [
        SmallIdp(f"https://idp{number}.example/saml", pair("idp.example.edu"), name=f"University {number}")
        for number in range(2000)
    ]
    now = time.time_ns() // 1000
    document = published(*many, until=now + DAY)
    web.says("/all", Says(document, media_type=XML))
    settings = known(tmp_path, web)
    place = Place(PLACE.base_url, PLACE.own_url, PLACE.key, now)
    begun = await saml.begin(settings, place, Wish(state="x", organization="https://idp1999.example/saml"))
    assert isinstance(begun, Redirect)
    assert len(await saml.organizations(settings, "")) == 50
    assert [one.name for one in await saml.organizations(settings, "university 1234")] == ["University 1234"]
