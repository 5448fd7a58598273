"""The signature of a message that is signed as a whole by S/MIME, and exactly the bytes that it covers (RFC 8551, RFC 1847)."""

from dataclasses import dataclass

from mail.message import Message, split_entity
from mail.parts import Part, raw_parts, whole

_SIGNATURE = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_OPAQUE = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


@dataclass(frozen=True, slots=True)
class SignedWhole:
    """`signature` is the CMS structure; `content` the bytes it was made over, None where it holds them itself."""

    signature: bytes
    content: bytes | None


def signed_whole(message: Message) -> SignedWhole | None:
    """The signature over the whole body of a message; None where there is none, or where anything stands beside it.

    A signature deep inside a message, or beside unsigned parts, would let somebody else's words pass for the signer's.
    """
    if message.count("Content-Type") != 1 or message.count("Content-Transfer-Encoding") > 1:
        return None
    root = whole(message)
    if root.content_type in _OPAQUE:
        is_signed = (root.parameter("smime-type") or "signed-data").lower() == "signed-data"
        return SignedWhole(root.content, None) if is_signed else None
    if root.content_type != "multipart/signed":
        return None
    return _detached(message, root)


def _detached(message: Message, root: Part) -> SignedWhole | None:
    if (root.parameter("protocol") or "").lower() not in _SIGNATURE:
        return None
    boundary = (root.parameter("boundary") or "").encode("utf-8", "replace")
    parts = [*raw_parts(message.body, boundary)] if boundary else []
    closing = b"\r\n--" + boundary + b"--"
    if len(parts) != 2 or closing not in message.body or message.body.rpartition(closing)[2].strip():
        return None
    signature = Part(split_entity(parts[1]))
    return SignedWhole(signature.content, parts[0]) if signature.content_type in _SIGNATURE else None
