"""The hands of the mail programs that people use: their own fields, their boundaries, their way of quoting."""

from tests.corpus.building import head, in_base64, multipart, noise, part, plain, typed

_QP = "Content-Transfer-Encoding: quoted-printable\r\n"
_B64 = "Content-Transfer-Encoding: base64\r\n"


def _from(name: str, fields: str, body: str) -> bytes:
    return head(name, more=fields) + b"\r\n" + body.encode()


def _both(name: str, boundary: str, text: str, html: str, more: str) -> bytes:
    parts = [
        part("text/plain; charset=us-ascii", text, more=_QP),
        part("text/html; charset=us-ascii", html, more=_QP),
    ]
    return typed(
        name, f'multipart/alternative;\r\n\tboundary="{boundary}"', multipart(boundary, parts), more=more
    )


MESSAGES = {
    "Apple Mail": _both(
        "Apple Mail",
        "Apple-Mail=_0A1B2C3D-4E5F",
        "Hi,\r\n\r\n=20\r\n> On 2 Mar 2026, at 09:00, B wrote:\r\n>=20\r\n",
        '<html><body style=3D"overflow-wrap: break-word;">Hi</body></html>\r\n',
        "X-Mailer: Apple Mail (2.3774.600.62)\r\n",
    ),
    "Apple Mail on a phone": _both(
        "Apple Mail on a phone",
        "Apple-Mail-7B8C",
        "Ok\r\n\r\nSent from my iPhone",
        '<html><body dir=3D"auto">Ok</body></html>',
        "X-Mailer: iPhone Mail (21E236)\r\n",
    ),
    "Apple Mail with a file between": typed(
        "Apple Mail with a file between",
        'multipart/mixed; boundary="Apple-Mail=_AA"',
        multipart(
            "Apple-Mail=_AA",
            [
                part("text/plain", "Above\r\n"),
                part("image/heic; x-unix-mode=0644; name=a.heic", in_base64(noise(600)), more=_B64),
                part("text/plain", "\r\nBelow\r\n"),
            ],
        ),
    ),
    "Outlook": _both(
        "Outlook",
        "_000_AM0PR01MB1234_",
        "Dear all,=0A=\r\n=0A=\r\nKind regards\r\n",
        '<html xmlns:o=3D"urn:schemas-microsoft-com:office:office"><p class=3D"MsoNormal">Dear all,<o:p></o:p></p></html>\r\n',
        "Thread-Index: AQHaAbCd\r\nX-MS-Has-Attach: yes\r\nX-MS-TNEF-Correlator:\r\nx-ms-exchange-organization-scl: -1\r\n",
    ),
    "Outlook on the web": _both(
        "Outlook on the web",
        "_000_DB9P_",
        "Hi=\r\n",
        "<div>Hi</div>=\r\n",
        "Accept-Language: de-DE, en-US\r\nmsip_labels:\r\n",
    ),
    "Outlook Express": _both(
        "Outlook Express",
        "----=_NextPart_000_0005_01C2A9A1",
        "Hi\r\n",
        "<!DOCTYPE HTML><HTML><BODY>Hi</BODY></HTML>\r\n",
        "X-MSMail-Priority: Normal\r\nX-MimeOLE: Produced By Microsoft MimeOLE V6.00\r\n",
    ),
    "Gmail": _both(
        "Gmail",
        "000000000000a1b2c305f0",
        "Hi *bold*\r\n\r\nOn Mon, Mar 2, 2026 at 9:00 AM B <b@author.example> wrote:\r\n\r\n> x\r\n",
        '<div dir=3D"ltr">Hi <b>bold</b></div><br><div class=3D"gmail_quote"></div>\r\n',
        "X-Gm-Message-State: AOJu0YxAbc\r\nX-Received: by 2002:a05:6402:1 with SMTP id x1\r\n",
    ),
    "Gmail on a phone": _both("Gmail on a phone", "000000000000ffff", "Ok", '<p dir=3D"ltr">Ok</p>', ""),
    "mutt": _from(
        "mutt",
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Disposition: inline\r\nUser-Agent: Mutt/2.2.12 (2023-09-09)\r\n",
        "On Mon, B wrote:\r\n> x\r\n\r\ny\r\n\r\n-- \r\nAna\r\n",
    ),
    "Thunderbird": typed(
        "Thunderbird",
        "text/plain; charset=UTF-8; format=flowed",
        "Am 02.03.26 schrieb B:\r\n> x \r\n> y\r\nJa. \r\n",
        more="Content-Language: de-DE\r\nUser-Agent: Mozilla Thunderbird\r\n",
    ),
    "Gnus": _from(
        "Gnus",
        "User-Agent: Gnus/5.13 (Gnus v5.13)\r\nMail-Followup-To: corpus@lists.example.org\r\nMail-Copies-To: never\r\n",
        "B writes:\r\n\r\n> x\r\n",
    ),
    "Alpine": typed(
        "Alpine",
        'multipart/mixed; BOUNDARY="8323329-1-1709"',
        "  This message is in MIME format.\r\n\r\n--8323329-1-1709\r\nContent-Type: TEXT/PLAIN; format=flowed; charset=US-ASCII\r\n\r\nx\r\n--8323329-1-1709--\r\n",
    ),
    "Lotus Notes": _both(
        "Lotus Notes",
        "=_alternative 0030C9F0C1258ABC_=",
        "Hi\r\n",
        '<br><font size=3D2 face=3D"sans-serif">Hi</font>\r\n',
        "X-MIMETrack: Serialize by Router on MX1\r\n",
    ),
    "GroupWise": _both(
        "GroupWise",
        "=__Part1A2B__=",
        "Hi\r\n",
        "<P>Hi</P>\r\n",
        "X-Mailer: GroupWise Internet Agent 18.4\r\n",
    ),
    "Evolution": plain(
        "Evolution",
        "Hi\n\nOn Mon, 2026-03-02 at 09:00, B wrote:\n> x\n".replace("\n", "\r\n"),
        encoding="7bit",
    ),
    "KMail": typed(
        "KMail",
        'multipart/signed; boundary="nextPart123"; micalg="pgp-sha512"; protocol="application/pgp-signature"',
        multipart(
            "nextPart123",
            [
                part("text/plain; charset=us-ascii", "x\r\n"),
                part(
                    "application/pgp-signature; name=signature.asc",
                    "-----BEGIN PGP SIGNATURE-----\r\n\r\niQIzBAABCgAdFiEE\r\n=abcd\r\n-----END PGP SIGNATURE-----\r\n",
                ),
            ],
        ),
    ),
    "Yahoo": _both(
        "Yahoo",
        "----=_Part_123_456.789",
        " Hi\r\n",
        '<div class=3D"ydp1">Hi</div>\r\n',
        "X-YMail-OSG: abc\r\n",
    ),
    "Proton": typed(
        "Proton",
        "text/html; charset=utf-8",
        in_base64(b"<div>Hi</div>"),
        more=f"{_B64}Feedback-ID: 1:user:proton\r\nX-Pm-Message-ID: 1a2b\r\n",
    ),
    "Samsung Email": _both("Samsung Email", "--_com.samsung.android.email_1", "Ok\r\n", "<p>Ok</p>\r\n", ""),
    "BlackBerry": plain("BlackBerry", in_base64(b"Sent from my BlackBerry\r\n"), encoding="base64"),
    "a ticket system": _from(
        "a ticket system",
        "X-OTRS-Loop: no\r\nReferences: <1@author.example>\r\nX-Ticket: 2026030310000017\r\n",
        "[Ticket#17] x\r\n",
    ),
    "git send-email": _from(
        "git send-email",
        "X-Mailer: git-send-email 2.43.0\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n",
        "Signed-off-by: Ana <ana@author.example>\r\n---\r\n a | 1 +\r\n",
    ),
    "a web form": _from(
        "a web form",
        "X-PHP-Originating-Script: 33:mail.php\r\nContent-type: text/html; charset=iso-8859-1\r\n",
        "<br>Name: x<br />\r\n",
    ),
}
