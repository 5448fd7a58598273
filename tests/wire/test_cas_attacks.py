"""A CAS server that is hostile or in whose answers somebody could write, and the attacks on what it tells us."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from identity import bounded_http
from identity.provider import Ended, Evidence, Inbound, NotProved, Place, ProviderAway, Wish
from identity.providers import cas
from tests.wire.hostile_web import HostileWeb, Says, hostile_web

OWN = "https://lists.example.org/auth/lists.example.org/campus"
NOW = 1_900_000_000_000_000
PLACE = Place("https://lists.example.org", OWN, "campus", NOW)
NAMESPACE = 'xmlns:cas="http://www.yale.edu/tp/cas"'
USER = "<cas:user>alice</cas:user>"
MAIL = "<cas:attributes><cas:mail>alice@example.edu</cas:mail></cas:attributes>"
SUCCESS = f"<cas:authenticationSuccess>{USER}{MAIL}</cas:authenticationSuccess>"


def answer(inside: str = SUCCESS, namespace: str = NAMESPACE) -> Says:
    xml = f"<cas:serviceResponse {namespace}>{inside}</cas:serviceResponse>"
    return Says(xml.encode(), media_type="application/xml")


@pytest.fixture
def web() -> Iterator[HostileWeb]:
    with hostile_web() as running:
        running.says("/cas/p3/serviceValidate", answer())
        yield running


def settings_for(web: HostileWeb, **more: Any) -> cas.Settings:
    return cas.Settings.model_validate({"server_url": f"{web.url}/cas"} | more)


async def begun(settings: cas.Settings, **wish: Any) -> tuple[Inbound, Mapping[str, str]]:
    there = await cas.begin(settings, PLACE, Wish("state-1", **wish))
    service = dict(parse_qsl(urlsplit(there.url).query))["service"]
    url = f"{service}&ticket=ST-1-abc"
    return Inbound("GET", url, query=dict(parse_qsl(urlsplit(url).query))), there.kept


async def sign_in(web: HostileWeb, *, is_fresh: bool = False, **more: Any) -> Evidence:
    settings = settings_for(web, **more)
    inbound, kept = await begun(settings, is_fresh=is_fresh)
    return await cas.complete(settings, PLACE, inbound, kept)


async def refused_why(web: HostileWeb, says: Says, **more: Any) -> str:
    web.says("/cas/p3/serviceValidate", says)
    with pytest.raises(NotProved) as refused:
        await sign_in(web, **more)
    return refused.value.detail


async def test_the_ticket_is_validated_for_exactly_the_service_that_was_sent(web: HostileWeb) -> None:
    """Pitfall 41."""
    found = await sign_in(web)
    assert (found.subject, found.addresses[0].address, found.session) == (
        "alice",
        "alice@example.edu",
        "ST-1-abc",
    )
    (asked,) = web.asked
    assert asked.method == "GET"
    assert asked.query == {"service": f"{OWN}/callback?state=state-1", "ticket": "ST-1-abc"}


async def test_what_comes_with_the_browser_does_not_name_the_service(web: HostileWeb) -> None:
    """Pitfall 41: a state or another parameter beside the ticket is no part of what is asked."""
    settings = settings_for(web)
    inbound, kept = await begun(settings)
    odd = Inbound(
        "GET",
        "https://evil.example/?x",
        query={**inbound.query, "state": "other", "service": "https://evil.example"},
    )
    await cas.complete(settings, PLACE, odd, kept)
    assert web.asked[0].query["service"] == f"{OWN}/callback?state=state-1"


@pytest.mark.parametrize(
    "inside",
    [
        '<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>',
        f'<cas:authenticationFailure code="x">no</cas:authenticationFailure>{SUCCESS}',
        f'{SUCCESS}<cas:authenticationFailure code="x">no</cas:authenticationFailure>',
        f'<cas:authenticationFailure code="x">{SUCCESS}</cas:authenticationFailure>',
        SUCCESS * 2,
        f"<cas:wrapped>{SUCCESS}</cas:wrapped>",
        f"<cas:wrapped/>{SUCCESS}",
        f"<cas:authenticationSuccess>{SUCCESS}</cas:authenticationSuccess>",
        f"<cas:authenticationSuccess>{USER}<cas:attributes>{SUCCESS}</cas:attributes></cas:authenticationSuccess>",
        "<cas:authenticationSuccess/>",
        "<cas:authenticationSuccess><cas:user/></cas:authenticationSuccess>",
        "<cas:authenticationSuccess><cas:user> \n </cas:user></cas:authenticationSuccess>",
        f"<cas:authenticationSuccess>{USER}<cas:user>victim</cas:user></cas:authenticationSuccess>",
        "<cas:authenticationSuccess><cas:user>alice<cas:b/></cas:user></cas:authenticationSuccess>",
        f"<cas:authenticationSuccess><cas:attributes>{USER}</cas:attributes></cas:authenticationSuccess>",
        f"<cas:authenticationSuccess>{USER}{MAIL}{MAIL}</cas:authenticationSuccess>",
        (
            f"<cas:authenticationSuccess>{USER}<cas:proxies><cas:proxy>https://p.example</cas:proxy></cas:proxies>"
            "</cas:authenticationSuccess>"
        ),
        f"<authenticationSuccess>{USER}</authenticationSuccess>",
        f'<authenticationSuccess xmlns="urn:x">{USER}</authenticationSuccess>',
        "<cas:authenticationSuccess><user>alice</user></cas:authenticationSuccess>",
        f"<cas:authenticationSuccess><cas:user>{'x' * 256}</cas:user></cas:authenticationSuccess>",
        "<cas:authenticationSuccess><cas:user>alice<!-- -->@example.edu</cas:user></cas:authenticationSuccess>",
        "",
        "yes\nalice\n",
    ],
)
async def test_an_answer_that_is_not_one_plain_success_signs_nobody_in(web: HostileWeb, inside: str) -> None:
    """Pitfall 41: XML that says two things, says it elsewhere, or in another namespace."""
    await refused_why(web, answer(inside))


async def test_an_answer_in_another_namespace_or_no_xml_signs_nobody_in(web: HostileWeb) -> None:
    await refused_why(web, answer(namespace='xmlns:cas="http://evil.example/cas"'))
    for body in (
        b"yes\nalice\n",
        b"{}",
        b"",
        SUCCESS.replace("<cas:authenticationSuccess>", f"<cas:authenticationSuccess {NAMESPACE}>").encode(),
        f'<!DOCTYPE x [<!ENTITY u "victim">]><cas:serviceResponse {NAMESPACE}>{SUCCESS}</cas:serviceResponse>'.encode(),
    ):
        await refused_why(web, Says(body))


async def test_a_value_with_markup_in_it_stays_a_value(web: HostileWeb) -> None:
    """Pitfall 41: what a person wrote into their own profile, escaped as it has to be, makes no element."""
    written = "&lt;/cas:mail&gt;&lt;cas:mail&gt;victim@example.edu"
    inside = f"<cas:attributes><cas:mail>{written}</cas:mail></cas:attributes>"
    web.says(
        "/cas/p3/serviceValidate",
        answer(f"<cas:authenticationSuccess>{USER}{inside}</cas:authenticationSuccess>"),
    )
    found = await sign_in(web)
    assert [each.address for each in found.addresses] == ["</cas:mail><cas:mail>victim@example.edu"]


async def test_attributes_are_read_in_one_place_only(web: HostileWeb) -> None:
    inside = (
        f"<cas:authenticationSuccess>{USER}<cas:mail>victim@example.edu</cas:mail>"
        "<cas:attributes><cas:mail><cas:mail>victim@example.edu</cas:mail></cas:mail><mail>victim@example.edu</mail>"
        '<x:mail xmlns:x="urn:x">victim@example.edu</x:mail><cas:mail>alice@example.edu</cas:mail></cas:attributes>'
        '<cas:attribute name="mail" value="victim@example.edu"/></cas:authenticationSuccess>'
    )
    web.says("/cas/p3/serviceValidate", answer(inside))
    assert [each.address for each in (await sign_in(web)).addresses] == ["alice@example.edu"]


@pytest.mark.parametrize("ticket", ["", "PT-1-abc", "PGT-1", "x", "ST-" + "x" * 2_000])
async def test_what_is_no_service_ticket_is_not_asked_about(web: HostileWeb, ticket: str) -> None:
    settings = settings_for(web)
    inbound, kept = await begun(settings)
    odd = Inbound("GET", inbound.url, query={**inbound.query, "ticket": ticket})
    with pytest.raises(NotProved):
        await cas.complete(settings, PLACE, odd, kept)
    assert web.asked == []


async def test_what_was_begun_elsewhere_is_not_finished_here(web: HostileWeb) -> None:
    settings = settings_for(web)
    inbound, kept = await begun(settings)
    for odd in ({}, {**kept, "server": "https://other.example/cas"}, {**kept, "service": ""}):
        with pytest.raises(NotProved):
            await cas.complete(settings, PLACE, inbound, odd)
    with pytest.raises(NotProved):
        await cas.complete(settings, PLACE, Inbound("POST", inbound.url, query=inbound.query), kept)
    assert web.asked == []


def fresh(attributes: str) -> Says:
    return answer(
        f"<cas:authenticationSuccess>{USER}<cas:attributes>{attributes}</cas:attributes>"
        "</cas:authenticationSuccess>"
    )


async def test_a_fresh_proof_needs_the_server_to_say_so(web: HostileWeb) -> None:
    """Pitfall 54."""
    new = "<cas:isFromNewLogin>true</cas:isFromNewLogin>"
    web.says("/cas/p3/serviceValidate", fresh(new))
    assert (await sign_in(web, is_fresh=True)).subject == "alice"
    assert web.asked[-1].query["renew"] == "true"
    for attributes in (
        "",
        "<cas:isFromNewLogin>false</cas:isFromNewLogin>",
        new * 2,
        new + "<cas:authenticationDate>2030-03-17T17:40:00Z</cas:authenticationDate>",
    ):
        assert "anew" in await refused_why(web, fresh(attributes), is_fresh=True)


@pytest.mark.parametrize(
    "says",
    [
        Says(status=302, headers={"Location": "/elsewhere"}),
        Says(b"<a>" + b"x" * 65_536, endless=True),
        Says(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
        Says(answer().body, status=500),
        Says(answer().body, status=404),
    ],
    ids=["redirect", "endless", "gzip", "500", "404"],
)
async def test_an_answer_of_no_bearable_kind_is_given_up(web: HostileWeb, says: Says) -> None:
    web.says("/cas/p3/serviceValidate", says)
    web.says("/elsewhere", answer())
    with pytest.raises(ProviderAway):
        await sign_in(web)
    assert web.count("/elsewhere") == 0


async def test_an_answer_that_takes_too_long_is_given_up(
    web: HostileWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_http, "STEP_SECONDS", 0.5)
    for says in (Says(answer().body, waits=9), Says(answer().body, drips=0.02)):
        web.says("/cas/p3/serviceValidate", says)
        with pytest.raises(ProviderAway) as away:
            await sign_in(web)
        assert "did not answer within" in away.value.detail


@pytest.mark.parametrize(
    "url", ["http://sso.example.edu/cas", "https://u@sso.example.edu/cas", "sso.example.edu", ""]
)
def test_a_server_has_to_be_reached_by_tls(url: str) -> None:
    with pytest.raises(ValueError, match="server_url"):
        cas.Settings.model_validate({"server_url": url})


LOGOUT = (
    '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
    'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="1" Version="2.0" IssueInstant="2030-03-17T17:40:00Z">'
    "<saml:NameID>alice</saml:NameID>{index}</samlp:LogoutRequest>"
)
INDEX = "<samlp:SessionIndex>ST-1-abc</samlp:SessionIndex>"


async def hear(web: HostileWeb, xml: str) -> Ended:
    inbound = Inbound("POST", f"{OWN}/callback?state=s", form={"logoutRequest": xml})
    said = await cas.heard(settings_for(web), PLACE, inbound)
    assert isinstance(said, Ended)
    return said


async def test_a_logout_ends_the_session_of_its_ticket_and_no_other(web: HostileWeb) -> None:
    said = await hear(web, LOGOUT.format(index=INDEX))
    assert (said.issuer, said.subject, said.session) == (f"{web.url}/cas", "", "ST-1-abc")


@pytest.mark.parametrize(
    "xml",
    [
        LOGOUT.format(index=""),
        LOGOUT.format(index="<samlp:SessionIndex/>"),
        LOGOUT.format(index=INDEX * 2),
        LOGOUT.format(index="<SessionIndex>ST-1-abc</SessionIndex>"),
        LOGOUT.format(index=f"<samlp:x>{INDEX}</samlp:x>"),
        LOGOUT.format(index=INDEX).replace("SAML:2.0:protocol", "x"),
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + LOGOUT.format(index=INDEX),
        "",
        "no XML",
    ],
)
async def test_a_logout_that_names_no_single_ticket_ends_nothing(web: HostileWeb, xml: str) -> None:
    """Above all not the sessions of a user whose name anybody can write there."""
    with pytest.raises(NotProved):
        await hear(web, xml)
