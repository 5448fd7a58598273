"""XML signatures and encryption by the program xmlsec1, with keys from metadata only and a deadline.

The doors that published attacks used stay closed before xmlsec1 sees a document: one reference, to the element around the
signature; no other transform, no remote reference; algorithms from a list (pitfalls 25, 26, 29).
"""

import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

from saml2 import SamlBase, class_name
from saml2.sigver import (
    CryptoBackend,
    SecurityContext,
    XmlsecError,
    parse_xmlsec_verify_output,
    pem_format,
)
from saml2.xml.schema import XMLSchemaError, validate

from identity.provider import ProviderAway
from identity.saml.documents import DS, XENC, BadDocument, at_most_one, local_name, the_only

# Its messages quote whole documents, which hold people's data.
logging.getLogger("saml2").setLevel(logging.CRITICAL + 1)

DEADLINE = 5.0
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_SHA2 = ("sha256", "sha384", "sha512")
_SIGNATURES = {f"{_MORE}{kind}-{digest}" for kind in ("rsa", "ecdsa") for digest in _SHA2}
_DIGESTS = {
    f"{space}#{name}"
    for space, name in (
        ("http://www.w3.org/2001/04/xmlenc", "sha256"),
        ("http://www.w3.org/2001/04/xmldsig-more", "sha384"),
        ("http://www.w3.org/2001/04/xmlenc", "sha512"),
    )
}
SHA1_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
_SHA1_DIGEST = "http://www.w3.org/2000/09/xmldsig#sha1"
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_EXCLUSIVE = {f"http://www.w3.org/2001/10/xml-exc-c14n#{kind}" for kind in ("", "WithComments")}
_INCLUSIVE = {f"http://www.w3.org/TR/2001/REC-xml-c14n-20010315{kind}" for kind in ("", "#WithComments")}
# AES, and keys wrapped with OAEP; PKCS #1 v1.5 would let strangers decrypt by asking (Bleichenbacher).
_CIPHERS = {f"http://www.w3.org/2001/04/xmlenc#aes{bits}-cbc" for bits in (128, 192, 256)}
_CIPHERS |= {f"http://www.w3.org/2009/xmlenc11#aes{bits}-gcm" for bits in (128, 192, 256)}
_CIPHERS |= {"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", "http://www.w3.org/2009/xmlenc11#rsa-oaep"}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures are believed: `issuer` and its certificates from metadata, DER in base64."""

    issuer: str
    certificates: tuple[str, ...]
    allow_sha1: bool
    program: str


@dataclass(frozen=True, slots=True)
class _Keys:
    """What pysaml2 asks its metadata store for while it checks a signature: certificates, in files that are open."""

    issuer: str
    files: tuple[Any, ...]

    def certs(self, issuer: str | None, _descriptor: str, _use: str) -> list[tuple[None, Any]]:
        """Those of the one identity provider that was asked, and nobody else's."""
        return [(None, file) for file in self.files] if issuer == self.issuer else []


class Xmlsec(CryptoBackend):  # type: ignore[misc]  # pysaml2 has no types
    """xmlsec1 for pysaml2: with a deadline, files that are gone afterwards, and no documents in our log."""

    def __init__(self, program: str) -> None:
        self.program = program

    @property
    def version(self) -> str:
        """What `xmlsec1 --version` says."""
        return xmlsec_version(self.program)

    def validate_signature(
        self, signedtext: str | bytes, cert_file: str, cert_type: str, node_name: str, node_id: str
    ) -> bool:
        """Whether the signature within the node of this ID is good; raises XmlsecError where it is not."""
        key = ["--enabled-key-data", "raw-x509-cert", f"--pubkey-cert-{cert_type}", cert_file]
        node = ["--id-attr:ID", node_name, "--node-id", node_id]
        _, told = self._on(signedtext, ["--verify", "--enabled-reference-uris", "same-doc", *key, *node])
        return bool(parse_xmlsec_verify_output(told, self.version_nums))

    def decrypt(self, enctext: str | bytes, key_file: str) -> bytes:
        """The document with its encrypted data in clear; raises XmlsecError."""
        key = ["--privkey-pem", key_file, "--id-attr:Id", "http://www.w3.org/2001/04/xmlenc#:EncryptedKey"]
        return self._on(enctext, ["--decrypt", *key])[0]

    def sign_statement(self, statement: str, node_name: str, key_file: str, node_id: str) -> bytes:
        """The document with the signature filled in that the node of this ID has a template for."""
        node = ["--id-attr:ID", node_name, "--node-id", node_id]
        return self._on(statement, ["--sign", "--privkey-pem", key_file, *node])[0]

    def _on(self, document: str | bytes, words: list[str]) -> tuple[bytes, str]:
        """Run it on a document; what it writes, and what it says. Raises XmlsecError, ProviderAway."""
        lax = ["--lax-key-search"] if self.version_nums >= (1, 3) else []
        written = document if isinstance(document, bytes) else document.encode("utf-8")
        with _file(written, ".xml") as path, tempfile.NamedTemporaryFile(suffix=".xml") as output:
            done = _run([self.program, *words, "--output", output.name, *lax, path])
            if done.returncode != 0:
                raise XmlsecError("xmlsec1 refused")
            return output.read(), done.stderr.decode("utf-8", "replace")


def _run(words: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            words, capture_output=True, timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as slow:
        raise ProviderAway(f"xmlsec1 did not finish within {DEADLINE:g} s") from slow
    except OSError as missing:
        raise ProviderAway(f"the program {words[0]} cannot be run; install the package xmlsec1") from missing


@cache
def xmlsec_version(program: str) -> str:
    """The version of xmlsec1, as "1.2.37"; raises ProviderAway where the program is not there."""
    said = _run([program, "--version"]).stdout.decode("ascii", "replace").split()
    return said[1] if len(said) > 1 else "0.0.0"


def refuse_optimised() -> None:
    """Raise ProviderAway under `python -O`, which takes checks out of pysaml2 (pitfall 35)."""
    if sys.flags.optimize:
        raise ProviderAway("SAML is off under python -O: unset PYTHONOPTIMIZE")


def refuse_what_is_unfit(root: ET.Element, allow_sha1: bool) -> None:
    """Raise BadDocument for whatever a signed or encrypted SAML document has no honest use for."""
    ids: set[str] = set()
    for parent in root.iter():
        _note_ids(parent, ids)
        for child in parent:
            if child.tag.startswith(DS):
                _check_dsig(parent, child, allow_sha1)
            elif child.tag.startswith(XENC):
                _check_xenc(child)


def _note_ids(element: ET.Element, ids: set[str]) -> None:
    for name, value in element.attrib.items():
        if name == "{http://www.w3.org/XML/1998/namespace}id":
            raise BadDocument("an xml:id")
        if name in {"ID", "Id", "id", "AssertionID"}:
            if value in ids:
                raise BadDocument("the same ID twice")
            ids.add(value)


def _check_dsig(parent: ET.Element, child: ET.Element, allow_sha1: bool) -> None:
    name, algorithm = local_name(child), child.get("Algorithm", "")
    match name:
        case "Transform" | "CanonicalizationMethod":
            allowed = _EXCLUSIVE | _INCLUSIVE | ({_ENVELOPED} if name == "Transform" else set())
        case "SignatureMethod":
            allowed = _SIGNATURES | ({SHA1_SIGNATURE} if allow_sha1 else set())
        case "DigestMethod":
            # within RSA-OAEP, SHA-1 is as good as any
            is_oaep = local_name(parent) == "EncryptionMethod"
            allowed = _DIGESTS | ({_SHA1_DIGEST} if allow_sha1 or is_oaep else set())
        case "RetrievalMethod" if not child.get("URI", "").startswith("#"):
            raise BadDocument("a key from elsewhere")
        case "Object" | "Manifest":
            raise BadDocument(f"{name} in a signature")
        case _:
            return
    if algorithm not in allowed:
        raise BadDocument(f"{name} with an algorithm that is not allowed: {algorithm[:100]}")


def _check_xenc(child: ET.Element) -> None:
    match local_name(child):
        case "CipherReference":
            raise BadDocument("encrypted data from elsewhere")
        case "EncryptionMethod" if child.get("Algorithm", "") not in _CIPHERS:
            raise BadDocument(f"an encryption that is not allowed: {child.get('Algorithm', '')[:100]}")


def is_signed(element: ET.Element) -> bool:
    """Whether an element has a signature of its own; raises BadDocument for several."""
    return at_most_one(element, f"{DS}Signature") is not None


def check_signature(document: bytes, element: ET.Element, item: SamlBase, trust: Trust) -> None:
    """Raise BadDocument unless the signature in `element` is good, covers it, and is by one of the keys in `trust`.

    `item` is the same element as pysaml2 reads it from the same bytes. The element has to be valid by its schema.
    """
    _check_reference(element)
    try:
        with ExitStack() as files:
            keys = tuple(files.enter_context(_opened(pem_format(one), ".pem")) for one in trust.certificates)
            backend, known = Xmlsec(trust.program), _Keys(trust.issuer, keys)
            context = SecurityContext(backend, metadata=known, only_use_keys_in_metadata=True)
            context.check_signature(item, class_name(item), document.decode("utf-8"))
    except ProviderAway:
        raise
    except Exception as problem:
        raise BadDocument(f"the signature of {local_name(element)} is not good") from problem


def check_document_signature(document: bytes, root: ET.Element, trust: Trust) -> None:
    """The same for a document that pysaml2 need not read as a whole: metadata."""
    _check_reference(root)
    refuse_what_is_unfit(the_only(root, f"{DS}Signature"), trust.allow_sha1)
    if sum(element.get("ID") == root.get("ID") for element in root.iter()) != 1:
        raise BadDocument("the same ID twice")
    backend = Xmlsec(trust.program)
    for certificate in trust.certificates:
        with _file(pem_format(certificate), ".pem") as path:
            name = root.tag[1:].replace("}", ":")
            try:
                if backend.validate_signature(document, path, "pem", name, root.get("ID", "")):
                    return
            except XmlsecError:
                continue
    raise BadDocument("the signature is not by the certificate that was configured")


def _check_reference(element: ET.Element) -> None:
    info = the_only(the_only(element, f"{DS}Signature"), f"{DS}SignedInfo")
    reference = the_only(info, f"{DS}Reference")
    if not element.get("ID") or reference.get("URI") != f"#{element.get('ID')}":
        raise BadDocument("the signature is about something else")
    transforms = [one.get("Algorithm") for one in the_only(reference, f"{DS}Transforms")]
    if _ENVELOPED not in transforms or len(transforms) > 2:
        raise BadDocument("the signature has transforms that are not allowed")


def check_schema(document: str) -> None:
    """Raise BadDocument unless the document is valid by the schemas of SAML 2.0."""
    try:
        validate(document)
    except XMLSchemaError as problem:
        raise BadDocument("not valid by the schema of SAML") from problem


def decrypted(document: bytes, keys: tuple[str, ...], program: str) -> bytes:
    """The document with its encrypted part in clear; `keys` are private keys in PEM. Raises BadDocument."""
    backend = Xmlsec(program)
    for key in keys:
        with _file(key.encode("ascii"), ".pem") as path:
            try:
                return backend.decrypt(document, path)
            except XmlsecError:
                continue
    raise BadDocument("it is not encrypted for our key")


def signed(document: Any, key: str, program: str) -> str:
    """A pysaml2 message with the signature that it has a template for, as XML; `key` is a private key in PEM."""
    with _file(key.encode("ascii"), ".pem") as path:
        written = Xmlsec(program).sign_statement(str(document), class_name(document), path, document.id)
        return written.decode("utf-8")


@contextmanager
def _file(content: bytes, suffix: str) -> Iterator[str]:
    with _opened(content, suffix) as file:
        yield file.name


@contextmanager
def _opened(content: bytes, suffix: str) -> Iterator[Any]:
    """A file that nobody else can read, gone in the end."""
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(content)
        file.flush()
        yield file
