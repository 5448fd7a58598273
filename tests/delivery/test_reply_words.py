"""A reason in any language goes over the wire: without accents for those who read ASCII, whole for those who read UTF-8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.door.stream import in_utf8, presentable


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        (
            "Seuls les abonnés peuvent écrire à cette liste.",
            "Seuls les abonnes peuvent ecrire a cette liste.",
        ),
        ("Nur für Abonnenten: größer, Öl, daß", "Nur fur Abonnenten: grosser, Ol, dass"),
        ("¿Quién? «sólo» suscriptores", 'Quien? "solo" suscriptores'),
        ("l’œuvre", "l'oeuvre"),
        ("только\r\nподписчики", "?" * 18),
    ],
)
def test_accents_are_left_off_for_those_who_read_ascii(text: str, ascii_text: str) -> None:
    assert presentable(text) == ascii_text


@given(st.text())
def test_a_reply_is_always_one_line_of_a_bounded_length(text: str) -> None:
    assert presentable(text).isascii()
    for shown in (presentable(text), in_utf8(text)):
        assert shown.isprintable()
        assert len(shown.encode()) <= 400


def test_those_who_read_utf8_get_the_text_as_it_is() -> None:
    assert in_utf8("Seuls les abonnés") == "Seuls les abonnés"
    assert in_utf8("é" * 300) == "é" * 200
