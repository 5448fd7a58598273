"""HTML as it is sent to many: tables, tracking, styles, preheaders."""

from tests.corpus.building import multipart, octets, part, typed

_QP = "Content-Transfer-Encoding: quoted-printable\r\n"
_TABLE = '<table width=3D600><tr><td bgcolor=3D"#ffffff">Angebot =E2=82=AC 5</td></tr></table>=\r\n'


def _letter(name: str, html: str, *, text: str = "Read it in a browser.\r\n", more: str = "") -> bytes:
    parts = [part("text/plain; charset=utf-8", text), part("text/html; charset=utf-8", html, more=_QP)]
    return typed(name, 'multipart/alternative; boundary="=_news"', multipart("=_news", parts), more=more)


MESSAGES = {
    "a newsletter": _letter("a newsletter", _TABLE * 30 + "\r\n"),
    "a newsletter with a pixel": _letter(
        "a newsletter with a pixel", '<img src=3D"https://t.example/o.gif?u=3D1" width=3D1>\r\n'
    ),
    "a newsletter with styles": _letter(
        "a newsletter with styles", "<style>@media (max-width:600px){td{color:#333}}</style>\r\n"
    ),
    "a newsletter with conditions": _letter(
        "a newsletter with conditions", "<!--[if mso]><v:rect/><![endif]-->\r\n"
    ),
    "a newsletter with a preheader": _letter(
        "a newsletter with a preheader", '<div style=3D"display:none">=E2=80=8C&nbsp;=E2=80=8C</div>\r\n'
    ),
    "a newsletter with an image map": _letter(
        "a newsletter with an image map", "<map name=3Dm><area href=3D'#'></map>\r\n"
    ),
    "a newsletter without a text": _letter("a newsletter without a text", _TABLE + "\r\n", text=""),
    "a newsletter that is cut off": octets(
        _letter("a newsletter that is cut off", "<html><body><p>never closed")
    )[:-40],
    "a newsletter in one line": typed(
        "a newsletter in one line", "text/html", "<p>" + "x" * 5_000 + "</p>\r\n"
    ),
    "a newsletter with merge words": _letter(
        "a newsletter with merge words", "Dear *|FNAME|*, {{first_name}} =25recipient=25\r\n"
    ),
    "a newsletter of frames": typed(
        "a newsletter of frames", "text/html", "<frameset><frame src='x'></frameset>\r\n"
    ),
    "a newsletter in XHTML": typed(
        "a newsletter in XHTML", "application/xhtml+xml", "<html xmlns='http://www.w3.org/1999/xhtml'/>\r\n"
    ),
}
