"""Invitations, cards, reports and whatever else people send to lists on purpose."""

from tests.corpus.building import head, in_base64, multipart, noise, part, plain, typed

_EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Author//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@author.example\r\n"
    "DTSTART:20260310T090000Z\r\nSUMMARY:A meeting whose summary is long enough to be folded as the RFC wants it to\r\n  be\r\n"
    "ATTENDEE;RSVP=TRUE:mailto:corpus@lists.example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Author\r\nPHOTO;ENCODING=b:" + "QUJD" * 60 + "\r\nEND:VCARD\r\n"
_B64 = "Content-Transfer-Encoding: base64\r\n"
_TEXT = part("text/plain", "See there.\r\n")
_STATUS = (
    "Reporting-MTA: dns; mx.author.example\r\nArrival-Date: Tue, 03 Mar 2026 09:00:00 +0100\r\n\r\n"
    "Final-Recipient: rfc822; gone@author.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 gone\r\n"
)
_RETURNED = plain("the returned one", "Lost.\r\n")


def _of(name: str, kind: str, *parts: bytes) -> bytes:
    return typed(name, f"multipart/{kind}; boundary=k", multipart("k", parts))


def _calendar(method: str) -> bytes:
    name = f"an invitation, {method}"
    event = _EVENT.replace("METHOD:REQUEST", f"METHOD:{method}")
    return _of(name, "alternative", _TEXT, part(f"text/calendar; charset=utf-8; method={method}", event))


MESSAGES = {
    f"an invitation, {method}": _calendar(method) for method in ("REQUEST", "REPLY", "CANCEL", "COUNTER")
} | {
    "a calendar alone": typed("a calendar alone", "text/calendar; method=PUBLISH", _EVENT),
    "an ics file": _of(
        "an ics file",
        "mixed",
        _TEXT,
        part("application/ics; name=m.ics", in_base64(_EVENT.encode()), more=_B64),
    ),
    "a card": _of("a card", "mixed", _TEXT, part("text/vcard; name=ana.vcf", _CARD)),
    "an old card": _of("an old card", "mixed", _TEXT, part("text/x-vcard", _CARD.replace("3.0", "2.1"))),
    "winmail.dat": _of(
        "winmail.dat",
        "mixed",
        _TEXT,
        part("application/ms-tnef; name=winmail.dat", in_base64(b"\x78\x9f\x3e\x22" + noise(800)), more=_B64),
    ),
    "TNEF alone": typed(
        "TNEF alone", "application/ms-tnef", in_base64(b"\x78\x9f\x3e\x22" + noise(400)), more=_B64
    ),
    "AMP": _of(
        "AMP",
        "alternative",
        _TEXT,
        part("text/x-amp-html", "<!doctype html><html amp4email></html>\r\n"),
        part("text/html", "<p>x</p>\r\n"),
    ),
    "a discussed bounce": _of(
        "a discussed bounce",
        "mixed",
        _TEXT,
        part("message/delivery-status", _STATUS),
        part("message/rfc822", _RETURNED),
    ),
    "a report in a post": typed(
        "a report in a post",
        "multipart/mixed; boundary=k",
        multipart(
            "k",
            [
                part(
                    "multipart/report; report-type=delivery-status; boundary=r",
                    multipart(
                        "r",
                        [_TEXT, part("message/delivery-status", _STATUS), part("message/rfc822", _RETURNED)],
                    ),
                )
            ],
        ),
    ),
    "a disposition notice quoted": _of(
        "a disposition notice quoted",
        "mixed",
        _TEXT,
        part(
            "message/disposition-notification",
            "Final-Recipient: rfc822; a@b.example\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n",
        ),
    ),
    "a feedback report quoted": _of(
        "a feedback report quoted",
        "mixed",
        _TEXT,
        part("message/feedback-report", "Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n"),
    ),
    "a DMARC report": _of(
        "a DMARC report",
        "mixed",
        _TEXT,
        part(
            "application/gzip; name=author.example!x!1!2.xml.gz",
            in_base64(b"\x1f\x8b\x08" + noise(700)),
            more=_B64,
        ),
    ),
    "a reaction": typed(
        "a reaction",
        "text/plain; charset=utf-8",
        "👍\r\n",
        more="Content-Disposition: reaction\r\nIn-Reply-To: <parent@author.example>\r\n",
    ),
    "a sound": typed("a sound", "audio/ogg", in_base64(b"OggS" + noise(1_000)), more=_B64),
    "a film": typed("a film", "video/mp4", in_base64(noise(1_000)), more=_B64),
    "a spreadsheet": _of(
        "a spreadsheet",
        "mixed",
        _TEXT,
        part(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet; name=a.xlsx",
            in_base64(b"PK\x03\x04" + noise(900)),
            more=_B64,
        ),
    ),
    "a program with two endings": _of(
        "a program with two endings",
        "mixed",
        _TEXT,
        part("application/x-msdownload; name=photo.jpg.exe", in_base64(b"MZ" + noise(300)), more=_B64),
    ),
    "a zip in eight bits": _of(
        "a zip in eight bits",
        "mixed",
        _TEXT,
        part(
            "application/zip",
            noise(900).translate(None, b"\r\n\0"),
            more="Content-Transfer-Encoding: binary\r\n",
        ),
    ),
    "JSON": typed("JSON", "application/json", '{"a": [1, 2, "\\u00fc"]}\r\n'),
    "XML": typed("XML", "application/xml", '<?xml version="1.0"?><a>&amp;</a>\r\n'),
    "structured data": _of(
        "structured data",
        "alternative",
        _TEXT,
        part("text/html", '<script type="application/ld+json">{"@type":"Order"}</script>\r\n'),
    ),
    "a monitoring report": head(
        "a monitoring report", more="Auto-Submitted: auto-generated\r\nX-Cron-Env: <LOGNAME=root>\r\n"
    )
    + b"\r\n0 failures\r\n",
    "a commit notice": head(
        "a commit notice", more="X-Git-Refname: refs/heads/main\r\nX-Git-Oldrev: 0000\r\n"
    )
    + b"\r\n- foo\r\n+ bar\r\n",
    "a tracker's notice": head(
        "a tracker's notice", more="X-Bugzilla-Type: changed\r\nX-Bugzilla-Who: ana\r\n"
    )
    + b"\r\nStatus: NEW -> FIXED\r\n",
    "a fax": typed("a fax", "image/tiff; application=faxbw", in_base64(b"II*\0" + noise(500)), more=_B64),
    "a location": typed(
        "a location", "application/geo+json", '{"type":"Point","coordinates":[13.4,52.5]}\r\n'
    ),
}
