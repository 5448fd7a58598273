"""What tests of several providers need to be there."""

import pytest

from tests.identity.providers.xmlsec1 import need_xmlsec1


@pytest.fixture
def xmlsec1() -> None:
    """The program that checks SAML's signatures; a test that asks for it is skipped without."""
    need_xmlsec1()
