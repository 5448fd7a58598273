"""Messages that break a rule, and are read by everybody all the same."""

from tests.corpus.building import AUTHOR, LIST, head, multipart, noise, octets, part, plain, typed

_MIXED = 'multipart/mixed; boundary="b0"'
_TEXT = part("text/plain", "Text.\r\n")


def _in_parts(name: str, body: str | bytes, content_type: str = _MIXED) -> bytes:
    return typed(name, content_type, body)


def _nested(depth: int) -> bytes:
    inner = part("text/plain", "Down here.\r\n")
    for level in range(depth, 0, -1):
        inner = part(f'multipart/mixed; boundary="level{level}"', multipart(f"level{level}", [inner]))
    return inner


def _bare(name: str, line_break: bytes) -> bytes:
    return plain(name, "first\r\nsecond\r\n\r\nfourth\r\n").replace(b"\r\n", line_break)


MESSAGES = {
    "no boundary parameter": _in_parts("no boundary parameter", multipart("b0", [_TEXT]), "multipart/mixed"),
    "an empty boundary": _in_parts(
        "an empty boundary", multipart("", [_TEXT]), 'multipart/mixed; boundary=""'
    ),
    "a boundary that never comes": _in_parts("a boundary that never comes", "Nothing here.\r\n"),
    "no closing delimiter": _in_parts("no closing delimiter", b"--b0\r\n" + _TEXT),
    "a wrong closing delimiter": _in_parts("a wrong closing delimiter", b"--b0\r\n" + _TEXT + b"--b1--\r\n"),
    "closed twice": _in_parts("closed twice", multipart("b0", [_TEXT], epilogue=b"--b0--\r\n")),
    "a part after the end": _in_parts(
        "a part after the end", multipart("b0", [_TEXT], epilogue=b"--b0\r\n" + _TEXT)
    ),
    "a boundary in the preamble": _in_parts(
        "a boundary in the preamble", multipart("b0", [_TEXT], preamble=b"This --b0 is not it.\r\n --b0\r\n")
    ),
    "a boundary that begins another": _in_parts(
        "a boundary that begins another",
        multipart("b0", [part('multipart/alternative; boundary="b00"', multipart("b00", [_TEXT, _TEXT]))]),
    ),
    "blanks after a delimiter": _in_parts(
        "blanks after a delimiter", b"--b0  \t\r\n" + _TEXT + b"--b0--   \r\n"
    ),
    "an unquoted odd boundary": _in_parts(
        "an unquoted odd boundary", multipart("=_a(b)/c", [_TEXT]), "multipart/mixed; boundary==_a(b)/c"
    ),
    "two boundary parameters": _in_parts(
        "two boundary parameters", multipart("b0", [_TEXT]), "multipart/mixed; boundary=b0; boundary=b9"
    ),
    "a multipart of no parts": _in_parts("a multipart of no parts", "--b0--\r\n"),
    "an epilogue": _in_parts("an epilogue", multipart("b0", [_TEXT], epilogue=b"Bye.\r\n\r\n")),
    "nested fifty deep": head("nested fifty deep") + b"MIME-Version: 1.0\r\n" + _nested(50),
    "nested without ends": _in_parts(
        "nested without ends",
        b'--b0\r\nContent-Type: multipart/mixed; boundary="b1"\r\n\r\n--b1\r\n' + _TEXT + b"\r\n--b0--\r\n",
    ),
    "a part without an empty line": _in_parts(
        "a part without an empty line", b"--b0\r\nContent-Type: text/plain\r\n--b0--\r\n"
    ),
    "a part that is all header": _in_parts(
        "a part that is all header", b"--b0\r\nX-A: b\r\nX-C: d\r\n\r\n--b0--\r\n"
    ),
    "base64 in the multipart's own encoding": typed(
        "base64 in the multipart's own encoding",
        _MIXED,
        multipart("b0", [_TEXT]),
        more="Content-Transfer-Encoding: base64\r\n",
    ),
    "base64 that is none": plain("base64 that is none", "This is no base64!\r\n", encoding="base64"),
    "base64 with a text after it": plain(
        "base64 with a text after it", "SGVsbG8=\r\n\r\n-- \r\nA relay's note.\r\n", encoding="base64"
    ),
    "base64 on one long line": plain("base64 on one long line", "QUJD" * 700 + "\r\n", encoding="base64"),
    "base64 without padding": plain("base64 without padding", "SGVsbG8\r\n", encoding="base64"),
    "quoted-printable with a loose equals": plain(
        "quoted-printable with a loose equals", "a = b, =ZZ, 100=\r\n", encoding="quoted-printable"
    ),
    "quoted-printable with eight bits": plain(
        "quoted-printable with eight bits", "caf\u00e9 =C3=A9\r\n", encoding="quoted-printable"
    ),
    "an unknown transfer encoding": plain("an unknown transfer encoding", "M1\r\n", encoding="x-rot13"),
    "uuencode as a transfer encoding": plain(
        "uuencode as a transfer encoding", "begin 644 a\r\n#0V%T\r\n`\r\nend\r\n", encoding="x-uuencode"
    ),
    "seven bits said and eight sent": plain(
        "seven bits said and eight sent", b"\xe4\xf6\xfc\r\n", encoding="7bit"
    ),
    "no final newline": plain("no final newline", "The end"),
    "no final newline in a multipart": _in_parts(
        "no final newline in a multipart", multipart("b0", [_TEXT]).removesuffix(b"\r\n")
    ),
    "lone line feeds": _bare("lone line feeds", b"\n"),
    "lone carriage returns in the body": plain("lone carriage returns in the body", b"one\rtwo\rthree\r\n"),
    "mixed line ends": plain("mixed line ends", b"one\ntwo\rthree\r\nfour\n\rfive\r\r\n"),
    "NULs in the body": plain("NULs in the body", b"a\0b\0\0c\r\n"),
    "a NUL in the subject": plain("a NUL in the subject", "x\r\n", subject="nothing\0here"),
    "controls in the body": plain(
        "controls in the body", bytes(range(1, 9)) + b"\x0b\x0c\x0e\x1b[31mred\x7f\r\n"
    ),
    "a line of 999 octets": plain("a line of 999 octets", "x" * 999 + "\r\n"),
    "a line of 100,000 octets": plain("a line of 100,000 octets", "long " * 20_000 + "\r\n"),
    "a long line of eight bits": plain("a long line of eight bits", "\u00fc" * 3_000 + "\r\n"),
    "a header line of 2,000 octets": head("a header line of 2,000 octets", more=f"X-Long: {'y' * 2_000}\r\n")
    + b"\r\nx\r\n",
    "an empty body": head("an empty body") + b"\r\n",
    "headers only": head("headers only"),
    "headers without a last line break": head("headers without a last line break").removesuffix(b"\r\n"),
    "only empty lines": plain("only empty lines", "\r\n\r\n\r\n\r\n"),
    "blanks at line ends": plain("blanks at line ends", "a \t \r\n  \r\nb\t\r\n   "),
    "folded with a blank line of blanks": head(
        "folded with a blank line of blanks", subject=None, more="Subject: one\r\n \r\n two\r\n"
    )
    + b"\r\nx\r\n",
    "folded in the middle of a word": head(
        "folded in the middle of a word", subject=None, more="Subject: mid\r\n dle\r\n\t of\r\n\t\t words\r\n"
    )
    + b"\r\nx\r\n",
    "folded before the first word": head(
        "folded before the first word", subject=None, more="Subject:\r\n later\r\nX-Empty:\r\n \r\n"
    )
    + b"\r\nx\r\n",
    "a blank before the colon": head(
        "a blank before the colon", more="X-Odd : a\r\nX-Odder\t:b\r\nX-None:c\r\n"
    )
    + b"\r\nx\r\n",
    "a line that is no field": head("a line that is no field", more="this is no field\r\nX-After: it\r\n")
    + b"\r\nx\r\n",
    "an mbox line in the header": b"From ana@author.example Tue Mar  3 09:00:00 2026\r\n"
    + plain("an mbox line in the header", "x\r\n"),
    "an mbox line quoted": b">From ana@author.example Tue Mar  3 09:00:00 2026\r\n"
    + plain("an mbox line quoted", "x\r\n"),
    "two subjects": head("two subjects", more="Subject: another\r\n") + b"\r\nx\r\n",
    "two dates and two To": head("two dates and two To", more=f"Date: yesterday\r\nTo: {LIST}\r\n")
    + b"\r\nx\r\n",
    "two content types": head(
        "two content types",
        more="Content-Type: text/html\r\nContent-Type: text/plain\r\nMIME-Version: 1.0\r\n",
    )
    + b"\r\n<p>x\r\n",
    "two message ids": head("two message ids", more="Message-ID: <another@author.example>\r\n")
    + b"\r\nx\r\n",
    "no message id": octets(f"From: {AUTHOR}\r\nTo: {LIST}\r\nSubject: no message id\r\n\r\nx\r\n"),
    "a message id without brackets": octets(
        f"From: {AUTHOR}\r\nTo: {LIST}\r\nMessage-ID: bare@author.example\r\nSubject: bare id\r\n\r\nx\r\n"
    ),
    "no date and no subject": octets(
        f"From: {AUTHOR}\r\nTo: {LIST}\r\nMessage-ID: <nodate@author.example>\r\n\r\nx\r\n"
    ),
    "a date that is none": head("a date that is none", more="X-Date: 99 Foo 2026\r\n").replace(
        b"Tue, 03 Mar", b"Tus, 99 Mra"
    )
    + b"\r\nx\r\n",
    "eight bits in field names": head("eight bits in field names", more=b"X-B\xfcro: ja\r\n") + b"\r\nx\r\n",
    "MIME fields without a version": head("MIME fields without a version", more="Content-Type: text/html\r\n")
    + b"\r\n<b>x</b>\r\n",
    "MIME version 7.3": head(
        "MIME version 7.3", more="MIME-Version: 7.3 (odd)\r\nContent-Type: text/plain\r\n"
    )
    + b"\r\nx\r\n",
    "a content type that is none": typed("a content type that is none", "foo", "x\r\n"),
    "a content type with an open quote": typed(
        "a content type with an open quote", 'text/plain; charset="utf-8', "x\r\n"
    ),
    "parameters in comments": typed(
        "parameters in comments", "text/plain (a) ; (b) charset (c) = (d) utf-8 (e)", "x\r\n"
    ),
    "a part of noise": _in_parts(
        "a part of noise",
        b"--b0\r\n\r\n" + noise(3_000).replace(b"\r", b"").replace(b"\n", b"") + b"\r\n--b0--\r\n",
    ),
}
