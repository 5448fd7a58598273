"""Multiparts as mail programs build them."""

from tests.corpus.building import head, in_base64, multipart, noise, octets, part, plain, typed

_TEXT = part(
    "text/plain; charset=utf-8", "Text with an ümlaut.\r\n", more="Content-Transfer-Encoding: 8bit\r\n"
)
_HTML = part(
    "text/html; charset=utf-8", "<p>Text <img src=cid:i1></p>\r\n", more="Content-Transfer-Encoding: 7bit\r\n"
)
_B64 = "Content-Transfer-Encoding: base64\r\n"
_IMAGE = part(
    "image/png; name=i.png",
    in_base64(b"\x89PNG\r\n\x1a\n" + noise(900)),
    more=f"{_B64}Content-ID: <i1>\r\nContent-Disposition: inline\r\n",
)
_FILE = part(
    "application/octet-stream; name=data.bin",
    in_base64(noise(5_000)),
    more=f"{_B64}Content-Disposition: attachment; filename=data.bin\r\n",
)
_ALTERNATIVE = part('multipart/alternative; boundary="alt"', multipart("alt", [_TEXT, _HTML]))
_RELATED = part('multipart/related; boundary="rel"; type="text/html"', multipart("rel", [_HTML, _IMAGE]))
_OTHER = plain("the forwarded one", "Forwarded text.\r\n")


def _of(name: str, kind: str, *parts: bytes, boundary: str = "top") -> bytes:
    return typed(name, f'multipart/{kind}; boundary="{boundary}"', multipart(boundary, parts))


MESSAGES = {
    "alternative": _of("alternative", "alternative", _TEXT, _HTML),
    "mixed with a file": _of("mixed with a file", "mixed", _TEXT, _FILE),
    "related with an image": _of("related with an image", "related", _HTML, _IMAGE),
    "mixed, alternative, related": _of(
        "mixed, alternative, related",
        "mixed",
        part('multipart/alternative; boundary="alt"', multipart("alt", [_TEXT, _RELATED])),
        _FILE,
    ),
    "alternative in mixed": _of("alternative in mixed", "mixed", _ALTERNATIVE, _FILE, _FILE),
    "a text after the file": _of("a text after the file", "mixed", _TEXT, _FILE, _TEXT),
    "two texts": _of("two texts", "mixed", _TEXT, _TEXT),
    "parallel": _of("parallel", "parallel", _TEXT, _IMAGE),
    "a digest": _of("a digest", "digest", b"\r\n" + _OTHER, b"\r\n" + _OTHER),
    "a forwarded message": _of("a forwarded message", "mixed", _TEXT, part("message/rfc822", _OTHER)),
    "forwarded as an attachment": _of(
        "forwarded as an attachment",
        "mixed",
        _TEXT,
        part("message/rfc822; name=f.eml", _OTHER, more="Content-Disposition: attachment\r\n"),
    ),
    "forwarded thrice": _of(
        "forwarded thrice",
        "mixed",
        part(
            "message/rfc822",
            _of(
                "inner forward",
                "mixed",
                part(
                    "message/rfc822",
                    _of("innermost forward", "mixed", part("message/rfc822", _OTHER), boundary="in2"),
                ),
                boundary="in1",
            ),
        ),
    ),
    "a message that is a message": typed("a message that is a message", "message/rfc822", _OTHER),
    "an external body": typed(
        "an external body",
        'message/external-body; access-type=URL; URL="https://files.example/x"',
        "Content-Type: image/png\r\n\r\n",
    ),
    "a partial message": typed(
        "a partial message",
        'message/partial; number=1; total=2; id="p@author.example"',
        "From: x\r\n\r\nhalf",
    ),
    "form data": _of(
        "form data", "form-data", part("text/plain", "v", more='Content-Disposition: form-data; name="k"\r\n')
    ),
    "an image alone": typed(
        "an image alone", "image/jpeg", in_base64(b"\xff\xd8\xff" + noise(2_000)), more=_B64
    ),
    "html alone": typed(
        "html alone",
        "text/html; charset=utf-8",
        "<html><body><h1>Ü</h1></body></html>\r\n",
        more="Content-Transfer-Encoding: 8bit\r\n",
    ),
    "a voice message": _of(
        "a voice message", "voice-message", _TEXT, part("audio/32KADPCM", in_base64(noise(1_500)), more=_B64)
    ),
    "an appledouble": _of(
        "an appledouble",
        "appledouble",
        part("application/applefile", in_base64(noise(300)), more=_B64),
        _FILE,
    ),
    "a hundred kilobytes": typed(
        "a hundred kilobytes", "application/zip", in_base64(noise(75_000)), more=_B64
    ),
    "a hundred small parts": _of(
        "a hundred small parts", "mixed", *[part("text/plain", f"Part {n}\r\n") for n in range(100)]
    ),
    "a preamble of prose": typed(
        "a preamble of prose",
        'multipart/mixed; boundary="top"',
        multipart("top", [_TEXT], preamble=b"This is a multi-part message in MIME format.\r\n"),
    ),
    "a boundary of seventy": _of("a boundary of seventy", "mixed", _TEXT, boundary="b" * 70),
    "a boundary of odd signs": _of("a boundary of odd signs", "mixed", _TEXT, boundary="'()+_,-./:=? x"),
    "parts without types": _of(
        "parts without types", "mixed", octets("\r\nAs it is.\r\n"), octets("\r\nThis too.\r\n")
    ),
    "an empty part": _of("an empty part", "mixed", _TEXT, octets("\r\n")),
    "no MIME at all": head("no MIME at all") + b"\r\nPlain as in 1982.\r\n",
}
