"""Signed and encrypted mail: S/MIME and DKIM with real keys of this run, PGP in its real shapes."""

import datetime as dt
import functools

import dkim
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from tests.corpus.building import (
    AUTHOR,
    LIST,
    head,
    identifier,
    in_base64,
    multipart,
    noise,
    part,
    plain,
    typed,
)

SELECTOR, DOMAIN = b"corpus", b"author.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
_ARMOR = "\r\n".join(["hQEMA" + "wABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345"] * 12)
_PGP_SIGNATURE = f"-----BEGIN PGP SIGNATURE-----\r\n\r\n{_ARMOR}\r\n=Xyz1\r\n-----END PGP SIGNATURE-----\r\n"
_PGP_MESSAGE = f"-----BEGIN PGP MESSAGE-----\r\n\r\n{_ARMOR}\r\n=Xyz2\r\n-----END PGP MESSAGE-----\r\n"
_B64 = "Content-Transfer-Encoding: base64\r\n"


def public_record() -> bytes:
    """The TXT record under which the DKIM signatures of the corpus are verified."""
    public = KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + in_base64(public).replace(b"\r\n", b"")


@functools.cache
def _certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ana@author.example")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(5).not_valid_before(now).not_valid_after(now + dt.timedelta(days=3_650))
    return made.sign(KEY, hashes.SHA256())


def _smime(name: str, *, opaque: bool) -> bytes:
    text = b"Content-Type: text/plain; charset=utf-8\r\n\r\nSigned \xc3\xbcbertext. \r\n"
    options = [] if opaque else [pkcs7.PKCS7Options.DetachedSignature]
    signer = pkcs7.PKCS7SignatureBuilder().set_data(text).add_signer(_certificate(), KEY, hashes.SHA256())
    der = in_base64(signer.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary, *options]))
    if opaque:
        return typed(name, "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", der, more=_B64)
    seal = part("application/pkcs7-signature; name=smime.p7s", der, more=_B64)
    kind = 'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="s"'
    return typed(name, kind, multipart("s", [text, seal]))


def _pgp(name: str, *parts: bytes, preamble: bytes = b"") -> bytes:
    kind = 'multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="pgp"'
    return typed(
        name,
        kind,
        multipart(
            "pgp",
            [*parts, part("application/pgp-signature; name=signature.asc", _PGP_SIGNATURE)],
            preamble=preamble,
        ),
    )


def dkim_signed(
    raw: bytes, *, canonical: tuple[bytes, bytes] = (b"relaxed", b"relaxed"), **more: object
) -> bytes:
    """A message with the author's DKIM signature in front, made by dkimpy."""
    field = dkim.sign(
        raw,
        SELECTOR,
        DOMAIN,
        _PEM,
        canonicalize=canonical,
        include_headers=[b"from", b"to", b"subject", b"date", b"message-id"],
        **more,
    )
    return bytes(field) + raw


def _dkim() -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    for header in (b"relaxed", b"simple"):
        for body in (b"relaxed", b"simple"):
            name = f"signed by DKIM, {header.decode()}/{body.decode()}"
            raw = plain(name, "Text with  blanks \t \r\n\r\n\r\n", subject="Folded \r\n  subject")
            made[name] = dkim_signed(raw, canonical=(header, body))
    eight = plain("signed by DKIM in eight bits", "Grüße\r\n.\r\n..\r\n")
    made["signed by DKIM in eight bits"] = dkim_signed(eight)
    twice = plain("signed by DKIM twice", "x\r\n")
    made["signed by DKIM twice"] = dkim_signed(dkim_signed(twice))
    some = plain("signed by DKIM in part", "Signed.\r\n")
    made["signed by DKIM in part"] = dkim_signed(some, length=True)
    empty = head("signed by DKIM with no body") + b"\r\n"
    made["signed by DKIM with no body"] = dkim_signed(empty)
    parts = typed(
        "signed by DKIM in parts",
        "multipart/mixed; boundary=d",
        multipart("d", [part("text/plain", "a\r\n"), part("image/png", in_base64(noise(900)), more=_B64)]),
    )
    made["signed by DKIM in parts"] = dkim_signed(parts)
    return made


def _arc() -> dict[str, bytes]:
    name = "sealed by ARC"
    fields = (
        "ARC-Seal: i=1; a=rsa-sha256; t=1772524800; cv=none; d=relay.example; s=arc;\r\n b="
        + "A" * 60
        + "\r\n"
        "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=relay.example; s=arc;\r\n h=from:to; bh="
        + "B" * 43
        + "=;\r\n b="
        + "C" * 60
        + "\r\n"
        "ARC-Authentication-Results: i=1; relay.example; dkim=pass header.d=author.example; spf=pass\r\n"
    )
    return {name: fields.encode() + plain(name, "x\r\n")}


MESSAGES = (
    {
        "S/MIME detached": _smime("S/MIME detached", opaque=False),
        "S/MIME opaque": _smime("S/MIME opaque", opaque=True),
        "S/MIME encrypted": typed(
            "S/MIME encrypted",
            "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            in_base64(noise(1_500)),
            more=f"{_B64}Content-Disposition: attachment; filename=smime.p7m\r\n",
        ),
        "S/MIME of old": typed(
            "S/MIME of old", "application/x-pkcs7-mime; name=smime.p7m", in_base64(noise(900)), more=_B64
        ),
        "S/MIME compressed": typed(
            "S/MIME compressed",
            "application/pkcs7-mime; smime-type=compressed-data",
            in_base64(noise(700)),
            more=_B64,
        ),
        "PGP/MIME signed": _pgp(
            "PGP/MIME signed",
            part(
                "text/plain; charset=utf-8",
                "Blanks at the end \r\n- -- dash\r\n",
                more="Content-Transfer-Encoding: quoted-printable\r\n",
            ),
        ),
        "PGP/MIME signed with a preamble": _pgp(
            "PGP/MIME signed with a preamble",
            part("text/plain", "x\r\n"),
            preamble=b"This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\r\n",
        ),
        "PGP/MIME signed in parts": _pgp(
            "PGP/MIME signed in parts",
            part(
                "multipart/mixed; boundary=in; protected-headers=v1",
                multipart("in", [part("text/plain", "x\r\n"), part("application/pgp-keys", _PGP_MESSAGE)]),
                more="Subject: protected\r\n",
            ),
        ),
        "PGP/MIME encrypted": typed(
            "PGP/MIME encrypted",
            'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e',
            multipart(
                "e",
                [
                    part("application/pgp-encrypted", "Version: 1\r\n"),
                    part("application/octet-stream; name=encrypted.asc", _PGP_MESSAGE),
                ],
            ),
            subject="...",
        ),
        "PGP inline signed": plain(
            "PGP inline signed",
            f"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n- -- \r\n- From here\r\n{_PGP_SIGNATURE}",
        ),
        "PGP inline encrypted": plain("PGP inline encrypted", _PGP_MESSAGE),
        "a PGP key": typed("a PGP key", "application/pgp-keys", _PGP_MESSAGE),
        "a signed part within": typed(
            "a signed part within",
            "multipart/mixed; boundary=o",
            multipart(
                "o",
                [
                    part(
                        'multipart/signed; protocol="application/pgp-signature"; boundary=i',
                        multipart(
                            "i",
                            [part("text/plain", "x\r\n"), part("application/pgp-signature", _PGP_SIGNATURE)],
                        ),
                    ),
                    part("text/plain", "Unsigned.\r\n"),
                ],
            ),
        ),
        "DKIM that is broken": b"DKIM-Signature: v=1; a=rsa-sha256; d=author.example; s=corpus; h=from; bh=AAAA; b=BBBB\r\n"
        + plain("DKIM that is broken", "x\r\n"),
        "DomainKeys of old": b"DomainKey-Signature: a=rsa-sha1; q=dns; c=nofws; s=x; d=author.example; b=AAAA\r\n"
        + plain("DomainKeys of old", "x\r\n"),
        "a forwarded signed message": typed(
            "a forwarded signed message",
            "message/rfc822",
            f"From: {AUTHOR}\r\nTo: {LIST}\r\nMessage-ID: <{identifier('inner signed')}@author.example>\r\n".encode()
            + _smime("inner", opaque=False),
        ),
    }
    | _dkim()
    | _arc()
)
