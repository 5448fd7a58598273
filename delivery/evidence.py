"""How surely a message that comes in is its author's, found out before anything is decided about it (rows 48, 121)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from delivery.addresses import addresses_of
from delivery.authentication.alignment import are_aligned
from delivery.authentication.arc import Chain, check_chain, vouches
from delivery.authentication.dmarc import Policy, policy_of
from delivery.authentication.lookup import Lookup
from delivery.authentication.outcome import findings, intact, own_dmarc, signing_domain
from delivery.authentication.signatures import Signature, check_signatures, recipients_covered
from delivery.authentication.smime import signature_of_author
from identity.certificates import TrustedAuthorities
from mail.address import Address, address_key
from mail.authentication_results import AuthResult, parse_authentication_results
from mail.errors import BadAddress, BadMessage
from mail.instant import SECOND
from mail.message import Message, author
from storage.site import Site
from storage.tables.lists import MailingList
from storage.tables.words import Strength

log = structlog.get_logger(__name__)

_NOT_ASKED, _NO_CHAIN = Policy(), Chain()
_METHODS = ("dkim", "spf", "dmarc", "arc")
# What a signature's own words say against it, or was not looked at: no other program can make up for that.
_REFUSED = frozenset({"policy", "permerror", "neutral"})


@dataclass(frozen=True, slots=True)
class Checks:
    """What a process needs to check mail that comes in.

    `clock` tells microseconds. `authserv_id` is the name under which our own mail server states its results, "" for
    none. `patience` bounds all questions to the DNS about one message together.
    """

    clock: Callable[[], int]
    lookup: Lookup
    authserv_id: str = ""
    authorities: TrustedAuthorities | None = None
    patience: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Evidence:
    """`method` is smtp, dkim or smime; `results` says pass, fail, none … for dkim, spf, dmarc and arc (RFC 8601).

    `detail` says briefly who signed, or what each signature lacks; it names domains and no address. By `dkim` nothing is proved to others than `recipients`,
    the keys of the addresses in To and Cc that the signature covers: what is signed can be sent again to anybody
    (requirement 5.5, item 57). With `is_unsure` the author's own domain may have signed, and its key could not be
    looked up just now. `signature` is the fingerprint of what the author signed by S/MIME. `policy` is what the author's
    domain asks for by DMARC, `intact` the places of the signatures that speak for the author under it, `chain` what
    forwarders sealed, and `findings` all of it in the words of Authentication-Results.
    """

    method: str = "smtp"
    results: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(_METHODS, "none"))
    detail: str = ""
    recipients: frozenset[str] = frozenset()
    is_unsure: bool = False
    signature: str = ""
    policy: Policy = _NOT_ASKED
    intact: tuple[int, ...] = ()
    chain: Chain = _NO_CHAIN
    author_domain: str = ""
    findings: str = ""

    def kept(self, trusted_sealers: str = "") -> dict[str, str]:
        """What is kept with a message: the results, as a robot that trusts these sealers sees them, and what protects it later.

        A trusted forwarder that found the author's domain behind a message makes its DMARC result a pass, for rules to
        read. It never raises the method: it might have changed what the author wrote (row 121).
        """
        results = dict(self.results)
        if self.is_vouched_for(trusted_sealers):
            results["dmarc"] = "pass"
        return {
            **results,
            "smime": "pass" if self.method == "smime" else "none",
            "policy": self.policy.word,
            "signatures": " ".join(str(place) for place in self.intact),
            "findings": self.findings,
        }

    def is_vouched_for(self, trusted_sealers: str) -> bool:
        """Whether a forwarder that is trusted found that the author's domain stood behind the message."""
        found = self.chain.found_by(trusted_sealers)
        return bool(found) and vouches(found, self.author_domain, self.policy)


def stated_by(site: Site, mail_results: Mapping[str, str]) -> str:
    """What our checks said of a message, as the payload of an ARC-Authentication-Results field; "" where nothing is to be sealed."""
    findings = mail_results.get("findings", "")
    return f"{site.mail_hostname}; {findings}" if findings else ""


async def gather(message: Message, checks: Checks) -> Evidence:
    """What proves that the author wrote this message: S/MIME before DKIM before nothing. Never raises.

    The only place where mail that comes in makes us ask the DNS: call it before a transaction is opened. What cannot
    be found out in time proves nothing.
    """
    try:
        return await _gathered(message, checks)
    except Exception:
        # A stranger's message that breaks something here must neither be lost nor be believed.
        log.exception("evidence_not_gathered")
        return Evidence(detail="it could not be checked")


async def _gathered(message: Message, checks: Checks) -> Evidence:
    try:
        writer = author(message).address
    except (BadMessage, BadAddress):
        return Evidence(detail="it names no one author")
    now = checks.clock() // SECOND
    patience = checks.patience.total_seconds()
    signatures, policy, chain = await asyncio.gather(
        check_signatures(message, checks.lookup, now=now, author_domain=writer.domain, patience=patience),
        policy_of(writer.domain, checks.lookup, patience),
        check_chain(message, checks.lookup, patience=patience),
    )
    stated = parse_authentication_results(message, checks.authserv_id)
    proof = _proof(message, writer, signatures, stated)
    dmarc = own_dmarc(policy, writer.domain, signatures, stated, is_proved=proof is not None)
    results = _results(signatures, stated, chain, dmarc, is_proved=proof is not None)
    common = Evidence(
        results=results,
        policy=policy,
        intact=intact(policy, writer.domain, signatures),
        chain=chain,
        author_domain=writer.domain,
        findings=findings(signatures, stated, results, writer.domain),
    )
    signature = await _smime(message, writer, checks, now)
    if signature:
        return replace(common, method="smime", detail="its author, S/MIME", signature=signature)
    if proof is None:
        why = "; ".join(f"{each.domain}: {each.why}" for each in signatures)
        return replace(common, detail=why, is_unsure=_is_unsure(signatures, writer))
    return replace(common, method="dkim", detail=f"{proof[0]}: DKIM", recipients=proof[1])


def strength_of(evidence: Evidence | None, mlist: MailingList, *, is_command: bool = False) -> Strength:
    """What the evidence is worth for mail to one list; nothing but the author's word where there is none.

    A signed mail for the list is no command signed for it: the command's own address has to be named. S/MIME signs
    neither Subject nor recipient, so that whatever somebody once signed could be sent again as a command (pitfall 57).
    """
    addresses = addresses_of(mlist) - {address_key(mlist.address)} if is_command else addresses_of(mlist)
    match evidence:
        case Evidence(method="smime") if not is_command:
            return Strength.SMIME
        case Evidence(method="dkim", recipients=recipients) if recipients & addresses:
            return Strength.DKIM
        case _:
            return Strength.SMTP


async def _smime(message: Message, writer: Address, checks: Checks, now: int) -> str:
    if checks.authorities is None:
        return ""
    return await asyncio.to_thread(signature_of_author, message, writer, checks.authorities, now=now)


def _proof(
    message: Message, writer: Address, signatures: Sequence[Signature], stated: Sequence[AuthResult]
) -> tuple[str, frozenset[str]] | None:
    """The domain that signed for the author, and the recipients that it names; None without such a signature."""
    proofs = [
        (each.domain, recipients_covered(message, each.covered))
        for each in signatures
        if each.has_passed and are_aligned(each.domain, writer.domain)
    ]
    proofs += [
        (domain, _recipients_of(message, candidates))
        for domain, candidates in _stated_proofs(message, signatures, stated)
        if are_aligned(domain, writer.domain)
    ]
    if not proofs:
        return None
    return proofs[0][0], frozenset().union(*(recipients for _, recipients in proofs))


def _is_unsure(signatures: Sequence[Signature], writer: Address) -> bool:
    return any(each.result == "temperror" and are_aligned(each.domain, writer.domain) for each in signatures)


def _stated_proofs(
    message: Message, signatures: Sequence[Signature], stated: Sequence[AuthResult]
) -> list[tuple[str, list[Signature]]]:
    """The domains whose signature our own mail server found good, with the signatures that it may have meant.

    It does not say what they cover. So where the message still carries signatures, one that we would accept by its own
    words must be among those of that domain; where they were taken off, its word is enough.
    """
    found = []
    for result in stated:
        domain = signing_domain(result)
        if result.method != "dkim" or result.result != "pass" or not domain:
            continue
        selector = result.properties.get("header.s", "")
        candidates = [
            each
            for each in signatures
            if each.domain == domain
            and each.result not in _REFUSED
            and selector.lower() in ("", each.selector.lower())
        ]
        if candidates or not message.count("DKIM-Signature"):
            found.append((domain, candidates))
    return found


def _recipients_of(message: Message, candidates: Sequence[Signature]) -> frozenset[str]:
    """The recipients that every candidate covers; all of them where no signature can be seen."""
    if not candidates:
        return recipients_covered(message, None)
    return frozenset.intersection(*(recipients_covered(message, each.covered) for each in candidates))


def _results(
    signatures: Sequence[Signature],
    stated: Sequence[AuthResult],
    chain: Chain,
    dmarc: str,
    *,
    is_proved: bool,
) -> dict[str, str]:
    """One word for each method: our own where we found out, else our mail server's; the best of several signatures."""
    results = dict.fromkeys(_METHODS, "none")
    for result in reversed(stated):
        if result.method in results:
            results[result.method] = result.result
    if is_proved or any(each.has_passed for each in signatures):
        results["dkim"] = "pass"
    elif signatures:
        results["dkim"] = signatures[0].result
    if chain.result != "none":
        results["arc"] = chain.result
    if results["dmarc"] == "none":
        results["dmarc"] = dmarc
    return results
