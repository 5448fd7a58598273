"""What nobody can make of a signed SAML response (pitfalls 18, 25 to 29 and 35)."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("saml2")

from identity.attacks import xml_wrapping as hostile
from identity.provider import NotProved
from identity.providers import saml
from tests.identity.providers.saml_refusals import ALICE, VICTIM, refused
from tests.identity.providers.saml_world import (
    OTHER,
    PLACE,
    UNIVERSITY,
    begun,
    other,
    pair,
    posted,
    settings,
    stranger,
    university,
)

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("xmlsec1")]


async def test_an_honest_response_is_believed(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    evidence = await attempt.bring(university().response(attempt.said))
    assert evidence.subject.endswith("!opaque-alice")


@pytest.mark.parametrize("wants_response", [True, False])
@pytest.mark.parametrize("name", hostile.WRAPPINGS)
async def test_no_wrapped_signature_lets_anybody_in(tmp_path: Path, name: str, wants_response: bool) -> None:
    """Pitfall 25: the eight published shapes, under either policy."""
    part = "response" if name in hostile.OF_THE_RESPONSE else "assertion"
    policy = {"want_assertions_signed": part == "assertion", "want_response_signed": part == "response"}
    if wants_response is not policy["want_response_signed"]:
        policy = {"want_assertions_signed": False, "want_response_signed": False}
    attempt = await begun(settings(tmp_path, **policy))
    genuine = university().response(replace(attempt.said, signed=(part,)))
    assert (await attempt.bring(genuine)).subject.endswith("!opaque-alice")
    forged = hostile.WRAPPINGS[name](genuine, ALICE, VICTIM)
    assert VICTIM in forged
    assert ALICE in forged
    await refused(attempt, forged)


async def test_a_forged_copy_under_the_same_id_is_refused(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    genuine = university().response(attempt.said)
    await refused(attempt, hostile.twice_the_same_id(genuine, ALICE, VICTIM))


@pytest.mark.parametrize("signed", [("assertion",), ("response",), ("assertion", "response")])
async def test_the_key_in_the_document_is_never_used(tmp_path: Path, signed: tuple[str, ...]) -> None:
    """Pitfall 26: a stranger's signature with the stranger's certificate beside it."""
    loose = {"want_assertions_signed": False}
    attempt = await begun(settings(tmp_path, **loose))
    await refused(attempt, stranger().response(replace(attempt.said, signed=signed)), "is not good")


async def test_an_identity_provider_cannot_answer_for_another(tmp_path: Path) -> None:
    """Pitfall 18 in SAML: a trusted provider's genuine response to a request that went elsewhere."""
    attempt = await begun(settings(tmp_path, university(), other()), UNIVERSITY)
    await refused(attempt, other().response(attempt.said), "another identity provider")
    disguised = replace(other(), entity_id=UNIVERSITY)
    await refused(attempt, disguised.response(attempt.said), "is not good")
    half = replace(attempt.said, response_issuer=UNIVERSITY, issuer=OTHER)
    await refused(attempt, other().response(half))
    await refused(attempt, university().response(half))


@pytest.mark.parametrize("split", [hostile.split_by_comment, hostile.split_by_cdata])
async def test_a_split_text_is_read_as_a_whole(
    tmp_path: Path, split: Callable[[bytes, bytes, int], bytes]
) -> None:
    """Pitfall 27: the signature covers the text without the comment, and so do we."""
    attempt = await begun(settings(tmp_path, subject=["eduPersonPrincipalName", "persistent"]))
    crafted = replace(
        attempt.said,
        name_id="victim@example.edu.evil.example",
        attributes={
            "mail": ("victim@example.edu.evil.example",),
            "eduPersonPrincipalName": ("victim@example.edu.evil.example",),
        },
    )
    response = split(university().response(crafted), b"victim@example.edu.evil.example", 18)
    try:
        evidence = await attempt.bring(response)
    except NotProved:
        return
    assert evidence.subject.endswith("!victim@example.edu.evil.example")
    assert [one.address for one in evidence.addresses] == ["victim@example.edu.evil.example"]
    assert "eduPersonPrincipalName" not in evidence.attributes


async def test_a_comment_in_an_issuer_or_audience_changes_nothing(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    longer = replace(attempt.said, audience=f"{attempt.said.audience}.evil.example")
    response = university().response(longer)
    text = longer.audience.encode()
    await refused(attempt, hostile.split_by_comment(response, text, len(text) - 13), "another Audience")


async def test_instructions_are_refused(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    response = hostile.split_by_instruction(university().response(attempt.said), ALICE, 6)
    await refused(attempt, response, "processing instruction")


@pytest.mark.parametrize(
    "make",
    [
        lambda genuine: hostile.external_entity(genuine, ALICE),
        lambda genuine: hostile.external_entity(genuine, ALICE, "http://127.0.0.1:1/x"),
        lambda genuine: hostile.entity_bomb(genuine, ALICE),
        hostile.empty_doctype,
    ],
    ids=["file", "url", "bomb", "empty"],
)
async def test_a_dtd_is_refused_before_anybody_reads_on(
    tmp_path: Path, make: Callable[[bytes], bytes]
) -> None:
    """Pitfall 28."""
    attempt = await begun(settings(tmp_path))
    await refused(attempt, make(university().response(attempt.said)), "DTD")


@pytest.mark.parametrize("make", [hostile.other_encoding, hostile.other_version, hostile.nested_deeply])
async def test_what_readers_would_read_differently_is_refused(
    tmp_path: Path, make: Callable[[bytes], bytes]
) -> None:
    attempt = await begun(settings(tmp_path))
    await refused(attempt, make(university().response(attempt.said)))


async def test_a_huge_response_is_refused_by_its_size(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    genuine = university().response(attempt.said)
    await refused(attempt, genuine + b" " * 600_000, "larger")
    await refused(attempt, genuine + b" " * 2_000_000, "too large")


@pytest.mark.parametrize(
    ("signed", "policy", "words"),
    [
        ((), {}, "not signed"),
        ((), {"want_assertions_signed": False}, "nothing is signed"),
        (("response",), {}, "the assertion is not signed"),
        (("assertion",), {"want_response_signed": True}, "the response is not signed"),
    ],
)
async def test_what_is_not_signed_is_refused(
    tmp_path: Path, signed: tuple[str, ...], policy: dict[str, bool], words: str
) -> None:
    """Pitfall 29: both halves of the policy, and nothing at all under no policy."""
    attempt = await begun(settings(tmp_path, **policy))
    await refused(attempt, university().response(replace(attempt.said, signed=signed)), words)


async def test_a_signature_that_was_taken_off_is_missed(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path, want_assertions_signed=False))
    genuine = university().response(attempt.said)
    await refused(attempt, hostile.unsigned(genuine), "nothing is signed")


async def test_a_changed_text_is_noticed(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    genuine = university().response(attempt.said)
    for old, new in (
        (ALICE, VICTIM),
        (b"alice@example.edu", b"bobby@example.edu"),
        (b"session-1", b"session-2"),
    ):
        assert old in genuine
        await refused(attempt, hostile.tampered(genuine, old, new), "is not good")


async def test_the_unsigned_shell_is_checked_although_it_proves_nothing(tmp_path: Path) -> None:
    """With a signed assertion only, the shell around it can be changed by whoever carries it."""
    attempt = await begun(settings(tmp_path))
    genuine = university().response(attempt.said)
    changed = genuine.replace(b'ID="response-1"', b'ID="response-2"')
    assert (await attempt.bring(changed)).once[0] == (await attempt.bring(genuine)).once[0]


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    ],
)
async def test_other_signature_algorithms_are_refused(tmp_path: Path, algorithm: str) -> None:
    attempt = await begun(settings(tmp_path))
    genuine = university().response(attempt.said)
    await refused(attempt, hostile.other_algorithm(genuine, algorithm), "not allowed")


@pytest.mark.parametrize(
    "algorithm",
    ["http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/TR/1999/REC-xpath-19991116"],
)
async def test_transforms_that_leave_something_out_are_refused(tmp_path: Path, algorithm: str) -> None:
    attempt = await begun(settings(tmp_path))
    genuine = university().response(attempt.said)
    await refused(attempt, hostile.other_transform(genuine, algorithm), "not allowed")


async def test_sha1_is_refused_unless_the_operator_allows_it(tmp_path: Path) -> None:
    sha1: dict[str, Any] = {
        "method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "digest": "http://www.w3.org/2000/09/xmldsig#sha1",
    }
    attempt = await begun(settings(tmp_path))
    await refused(attempt, university().response(replace(attempt.said, **sha1)), "not allowed")
    allowed = await begun(settings(tmp_path, allow_sha1=True))
    evidence = await allowed.bring(university().response(replace(allowed.said, **sha1)))
    assert evidence.issuer == UNIVERSITY


@pytest.mark.parametrize(
    "text", [b"", b"<", b"x" * 100, b"<a/>", b"\xff\xfe<\0a\0/\0>\0", b"<samlp:Response/>"]
)
async def test_garbage_is_refused_politely(tmp_path: Path, text: bytes) -> None:
    await refused(await begun(settings(tmp_path)), text)


async def test_what_is_no_base64_or_no_form_is_refused(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    whole = posted(university().response(attempt.said))
    for broken in (
        replace(whole, form={"SAMLResponse": "***"}),
        replace(whole, form={}),
        replace(whole, method="GET", form={}, query=whole.form),
    ):
        with pytest.raises(NotProved):
            await saml.complete(attempt.settings, PLACE, broken, attempt.kept)


async def test_an_encrypted_assertion_is_no_way_round_the_checks(tmp_path: Path) -> None:
    """Anybody may encrypt for us: what is inside needs its signature all the same."""
    attempt = await begun(settings(tmp_path, want_assertions_signed=False))
    ours = pair("lists.example.org").certificate
    for idp, signed in ((stranger(), ("assertion",)), (stranger(), ()), (university(), ())):
        await refused(attempt, idp.response(replace(attempt.said, encrypted_for=ours, signed=signed)))
    others = pair("somebody else").certificate
    strange = university().response(replace(attempt.said, encrypted_for=others))
    await refused(attempt, strange, "not encrypted for our key")


async def test_encrypted_data_may_not_come_from_elsewhere(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path))
    ours = pair("lists.example.org").certificate
    response = university().response(replace(attempt.said, encrypted_for=ours))
    start, end = (
        response.rindex(b"CipherValue>", 0, response.rindex(b"CipherValue>") - 1),
        response.rindex(b"CipherValue>"),
    )
    opening = response.rindex(b"<", 0, start)
    reference = (
        b'<xenc:CipherReference xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" URI="file:///etc/passwd"/>'
    )
    crafted = response[:opening] + reference + response[end + len(b"CipherValue>") :]
    await refused(attempt, crafted, "from elsewhere")
    weak = response.replace(b"xmlenc#rsa-oaep-mgf1p", b"xmlenc#rsa-1_5")
    await refused(attempt, weak, "encryption that is not allowed")


def test_nothing_runs_under_python_o(tmp_path: Path) -> None:
    """Pitfall 35: without assert statements pysaml2 is not itself."""
    known = settings(tmp_path).model_dump_json()
    program = (
        "import asyncio, sys\n"
        "from identity.provider import Place, ProviderAway, Wish\n"
        "from identity.providers import saml\n"
        "known = saml.Settings.model_validate_json(sys.argv[1])\n"
        "try: asyncio.run(saml.begin(known, Place('https://x', 'https://x/y', 'k', 0), Wish('s')))\n"
        "except ProviderAway as away: print(away.detail)\n"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", program, known], capture_output=True, text=True, check=True
    )
    assert "SAML is off" in done.stdout
