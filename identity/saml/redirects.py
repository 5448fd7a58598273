"""SAML's redirect binding: a message in a query, with a signature over the query as it was sent (SAML Bindings 3.4)."""

import base64
import binascii
import zlib
from urllib.parse import quote_plus, unquote_plus, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from identity.saml.documents import BadDocument
from identity.saml.keys import private_key
from identity.saml.signatures import SHA1_SIGNATURE, Trust

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_ALGORITHMS = {
    f"{_MORE}{kind}-{name}": (kind, made) for kind in ("rsa", "ecdsa") for name, made in _HASHES.items()
}


def packed(message: str) -> str:
    """A message as it stands in a query: deflated, in base64."""
    squeezer = zlib.compressobj(wbits=-15)
    return base64.b64encode(squeezer.compress(message.encode("utf-8")) + squeezer.flush()).decode("ascii")


def unpacked(value: str, largest: int) -> bytes:
    """The message that a query holds, at most `largest` bytes; raises BadDocument."""
    try:
        squeezed = base64.b64decode(value, validate=True)
        inflater = zlib.decompressobj(wbits=-15)
        message = inflater.decompress(squeezed, largest)
    except (binascii.Error, ValueError, zlib.error) as problem:
        raise BadDocument("not a deflated message in base64") from problem
    if inflater.unconsumed_tail or not inflater.eof:
        raise BadDocument(f"larger than {largest} bytes, or cut off")
    return message


def signed_url(location: str, kind: str, message: str, relay_state: str, key: str) -> str:
    """The address that carries a signed message; `kind` is SAMLRequest or SAMLResponse, `key` an RSA key in PEM."""
    values = {kind: packed(message)} | ({"RelayState": relay_state} if relay_state else {})
    query = "&".join(
        f"{name}={quote_plus(value)}" for name, value in (values | {"SigAlg": RSA_SHA256}).items()
    )
    private = private_key(key)
    assert isinstance(private, rsa.RSAPrivateKey)  # identity.saml.keys takes no other
    signature = private.sign(query.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    glue = "&" if urlsplit(location).query else "?"
    return f"{location}{glue}{query}&Signature={quote_plus(base64.b64encode(signature))}"


def check_query_signature(query: str, kind: str, trust: Trust) -> None:
    """Raise BadDocument unless the query is signed by a key in `trust`, over its octets as they came."""
    parts = dict(part.partition("=")[::2] for part in query.split("&"))
    covered = "&".join(f"{name}={parts[name]}" for name in (kind, "RelayState", "SigAlg") if name in parts)
    algorithm = unquote_plus(parts.get("SigAlg", ""))
    if not algorithm or "Signature" not in parts:
        raise BadDocument("it is not signed")
    try:
        signature = base64.b64decode(unquote_plus(parts["Signature"]), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadDocument("its signature is not base64") from problem
    if not any(
        _is_by(certificate, algorithm, signature, covered, trust.allow_sha1)
        for certificate in trust.certificates
    ):
        raise BadDocument("its signature is not good")


def _is_by(certificate: str, algorithm: str, signature: bytes, covered: str, allow_sha1: bool) -> bool:
    kind, digest = _ALGORITHMS.get(algorithm, ("", None))
    if algorithm == SHA1_SIGNATURE and allow_sha1:
        kind, digest = "rsa", hashes.SHA1()  # noqa: S303 — the operator said so
    if digest is None:
        raise BadDocument(f"a signature algorithm that is not allowed: {algorithm[:100]}")
    public = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    try:
        match public:
            case rsa.RSAPublicKey() if kind == "rsa":
                public.verify(signature, covered.encode("utf-8"), padding.PKCS1v15(), digest)
            case ec.EllipticCurvePublicKey() if kind == "ecdsa":
                public.verify(signature, covered.encode("utf-8"), ec.ECDSA(digest))
            case _:
                return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
