"""Signatures in the Cryptographic Message Syntax: who signed exactly these bytes (RFC 5652, RFC 8551, RFC 5754)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_LEAST_RSA_BITS = 2048
_MOST_SIGNERS = 5
_MOST_CERTIFICATES = 20


@dataclass(frozen=True, slots=True)
class SignedData:
    """A signature that was read: its content, where it holds it, and every certificate that came along."""

    content: bytes | None
    content_type: str
    signers: tuple[Any, ...]
    certificates: tuple[x509.Certificate, ...]


def read_signed_data(octets: bytes) -> SignedData | None:
    """The signed data in a CMS structure; None for anything else, whatever the bytes."""
    try:
        return _read(octets)
    except Exception:  # noqa: BLE001 - readers of strangers' ASN.1 raise all kinds of errors; none of it is a proof
        return None


def signers_of(signed: SignedData, content: bytes) -> Iterator[tuple[x509.Certificate, bytes]]:
    """The certificates whose keys made a good signature over `content`, each with what it signed, which no copy can differ in.

    Whether to trust them is another question.
    """
    for signer in signed.signers:
        certificate = _certificate_of(signer, signed.certificates)
        if certificate is not None and _has_signed(signer, certificate, signed.content_type, content):
            yield certificate, signer["signed_attrs"].untag().dump()


def _read(octets: bytes) -> SignedData | None:
    outer = cms.ContentInfo.load(octets, strict=True)
    if outer["content_type"].native != "signed_data":
        return None
    data = outer["content"]
    signers = [*data["signer_infos"]]
    chosen = [each.chosen.dump() for each in data["certificates"] if each.name == "certificate"]
    if len(signers) > _MOST_SIGNERS or len(chosen) > _MOST_CERTIFICATES:
        return None
    held = data["encap_content_info"]["content"].native
    return SignedData(
        held,
        data["encap_content_info"]["content_type"].native,
        tuple(signers),
        tuple(x509.load_der_x509_certificate(each) for each in chosen),
    )


def _certificate_of(signer: Any, certificates: tuple[x509.Certificate, ...]) -> x509.Certificate | None:
    try:
        return next((each for each in certificates if _is_named(signer["sid"], each)), None)
    except Exception:  # noqa: BLE001 - as above
        return None


def _is_named(sid: Any, certificate: x509.Certificate) -> bool:
    if sid.name == "issuer_and_serial_number":
        is_issuer: bool = sid.chosen["issuer"].dump() == certificate.issuer.public_bytes()
        return is_issuer and sid.chosen["serial_number"].native == certificate.serial_number
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return False
    return bool(sid.chosen.native == found.value.digest)


def _has_signed(signer: Any, certificate: x509.Certificate, content_type: str, content: bytes) -> bool:
    try:
        attributes = _attributes(signer)
        digest = _digest(signer["digest_algorithm"]["algorithm"].native, content)
        if attributes["content_type"] != content_type or not compare_digest(
            attributes["message_digest"], digest
        ):
            return False
        _verify(signer, certificate.public_key(), signer["signed_attrs"].untag().dump())
    except Exception:  # noqa: BLE001 - InvalidSignature, and whatever a senseless structure raises
        return False
    return True


def _attributes(signer: Any) -> dict[str, Any]:
    """The signed attributes by name, each of which stands there once with one value (RFC 5652, section 11).

    Without them a signature could be passed off as one over the attributes of another; no mailer leaves them out.
    """
    found: dict[str, Any] = {}
    for each in signer["signed_attrs"]:
        name, values = each["type"].native, each["values"]
        if name in found or (name in ("content_type", "message_digest") and len(values) != 1):
            raise InvalidSignature
        found[name] = values[0].native if len(values) else None
    return found


def _digest(algorithm: str, content: bytes) -> bytes:
    digest = hashes.Hash(_HASHES[algorithm]())
    digest.update(content)
    return digest.finalize()


def _verify(signer: Any, key: Any, signed: bytes) -> None:
    """Raises InvalidSignature, or KeyError for an algorithm that proves nothing any more."""
    algorithm, signature = signer["signature_algorithm"], signer["signature"].native
    match key:
        case rsa.RSAPublicKey(key_size=size) if size < _LEAST_RSA_BITS:
            raise InvalidSignature
        case rsa.RSAPublicKey() if algorithm.signature_algo == "rsassa_pss":
            name = algorithm.hash_algo
            parameters = algorithm["parameters"]
            mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
            scheme = padding.PSS(padding.MGF1(_HASHES[mask]()), parameters["salt_length"].native)
            key.verify(signature, signed, scheme, _HASHES[name]())
        case rsa.RSAPublicKey() if algorithm.signature_algo == "rsassa_pkcs1v15":
            key.verify(signature, signed, padding.PKCS1v15(), _HASHES[_hash_of(signer)]())
        case ec.EllipticCurvePublicKey() if algorithm.signature_algo == "ecdsa":
            key.verify(signature, signed, ec.ECDSA(_HASHES[_hash_of(signer)]()))
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            key.verify(signature, signed)
        case _:
            raise InvalidSignature


def _hash_of(signer: Any) -> str:
    """The hash that the signature names, or the digest's where it names none (rsaEncryption)."""
    algorithm = signer["signature_algorithm"]
    if algorithm["algorithm"].native == "rsassa_pkcs1v15":
        return str(signer["digest_algorithm"]["algorithm"].native)
    return str(algorithm.hash_algo)
