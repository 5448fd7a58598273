"""Whether the author of a message signed the whole of it by S/MIME, with a certificate that is trusted here (RFC 8551)."""

import hashlib

from delivery.authentication.certificates import is_trusted
from delivery.authentication.cms import read_signed_data, signers_of
from identity.certificates import TrustedAuthorities, mail_addresses
from mail.address import Address
from mail.message import Message
from mail.signed import signed_whole


def signature_of_author(
    message: Message, author: Address, authorities: TrustedAuthorities, *, now: int
) -> str:
    """The fingerprint of a signature over the whole message that holds, whose chain leads to an authority at `now` (seconds),
    and whose certificate names the author's address; "" where there is none. Addresses compare as everywhere here, and
    each copy of what was signed once has the same fingerprint. Never raises (requirement 5.5, item 61).
    """
    whole = signed_whole(message)
    signed = None if whole is None else read_signed_data(whole.signature)
    if whole is None or signed is None:
        return ""
    content = signed.content if whole.content is None else whole.content
    # A detached signature that brings a content of its own might show one text and sign another.
    if content is None or (whole.content is not None and signed.content is not None):
        return ""
    for certificate, what in signers_of(signed, content):
        is_authors = author.key in mail_addresses(certificate)
        if is_authors and is_trusted(certificate, signed.certificates, authorities, now):
            return hashlib.sha256(what).hexdigest()
    return ""
