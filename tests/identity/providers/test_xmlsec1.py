"""xmlsec1 is a program: it may hang, be missing or say nothing, and leaves nothing behind."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("saml2")

from identity.provider import (
    NotProved,
    ProviderAway,
)
from identity.saml import signatures
from tests.identity.providers.saml_world import (
    UNIVERSITY,
    begun,
    pair,
    settings,
    stranger,
    university,
)

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("xmlsec1")]


# xmlsec1, which is a program.


async def test_nothing_is_left_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    attempt = await begun(settings(tmp_path))
    ours = pair("lists.example.org").certificate
    responses = [
        university().response(replace(attempt.said, **changes))
        for changes in (
            {},
            {"encrypted_for": ours},
            {"audience": "x"},
            {"encrypted_for": pair("other").certificate},
        )
    ]
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    outcomes = []
    for response in (*responses, stranger().response(attempt.said)):
        try:
            outcomes.append((await attempt.bring(response)).issuer)
        except NotProved:
            outcomes.append("")
        assert list(folder.iterdir()) == []
    assert outcomes == [UNIVERSITY, UNIVERSITY, "", "", ""]


async def test_a_hanging_xmlsec1_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "xmlsec1"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo xmlsec1 1.2.37; exit; }\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setattr(signatures, "DEADLINE", 0.3)
    attempt = await begun(settings(tmp_path, xmlsec1=str(program)))
    with pytest.raises(ProviderAway) as away:
        await attempt.bring(university().response(attempt.said))
    assert "did not finish" in away.value.detail


async def test_a_missing_xmlsec1_is_named(tmp_path: Path) -> None:
    attempt = await begun(settings(tmp_path, xmlsec1=str(tmp_path / "nowhere")))
    with pytest.raises(ProviderAway) as away:
        await attempt.bring(university().response(attempt.said))
    assert "install the package xmlsec1" in away.value.detail


async def test_an_xmlsec1_that_says_nothing_believes_nothing(tmp_path: Path) -> None:
    """A program that ends well without a word of the signature proves nothing."""
    program = tmp_path / "xmlsec1"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo xmlsec1 1.2.37\nexit 0\n')
    program.chmod(0o755)
    attempt = await begun(settings(tmp_path, xmlsec1=str(program)))
    with pytest.raises(NotProved):
        await attempt.bring(university().response(attempt.said))
