"""What several checks of one message come to: its DMARC result, the signatures that matter for it, and all of it as a field says it."""

from collections.abc import Sequence

from delivery.authentication.dmarc import ABSENT, UNKNOWN, Policy
from delivery.authentication.signatures import Signature
from mail.authentication_results import AuthResult, write_results


def own_dmarc(
    policy: Policy,
    author_domain: str,
    signatures: Sequence[Signature],
    stated: Sequence[AuthResult],
    *,
    is_proved: bool,
) -> str:
    """The DMARC result of a message of which our own mail server does not state it (RFC 7489, section 6.6.2).

    SPF counts where that server states it, since it alone saw who connected. Where the domain publishes no policy,
    a message that it stands behind passes all the same, so that rules need not ask for both.
    """
    has_strict_proof = not policy.has_strict_dkim or bool(intact(policy, author_domain, signatures))
    if (is_proved and has_strict_proof) or _has_aligned_spf(policy, author_domain, stated):
        return "pass"
    if policy.word == ABSENT:
        return "none"
    return "temperror" if policy.word == UNKNOWN else "fail"


def intact(policy: Policy, author_domain: str, signatures: Sequence[Signature]) -> tuple[int, ...]:
    """The places of the signatures that hold, and speak for the author under the policy."""
    return tuple(
        place
        for place, each in enumerate(signatures)
        if each.has_passed and policy.is_aligned_by_dkim(each.domain, author_domain)
    )


def _has_aligned_spf(policy: Policy, author_domain: str, stated: Sequence[AuthResult]) -> bool:
    return any(
        each.method == "spf"
        and each.result == "pass"
        and policy.is_aligned_by_spf(_envelope_domain(each), author_domain)
        for each in stated
    )


def _envelope_domain(result: AuthResult) -> str:
    named = result.properties.get("smtp.mailfrom") or result.properties.get("smtp.helo", "")
    return named.rpartition("@")[2].lower().rstrip(".")


def signing_domain(result: AuthResult) -> str:
    """The domain whose signature a DKIM result is about."""
    named = result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
    return named.lower().rstrip(".")


def findings(
    signatures: Sequence[Signature], stated: Sequence[AuthResult], results: dict[str, str], author_domain: str
) -> str:
    """Everything that was found out, as the results of an ARC-Authentication-Results field (RFC 8601, section 2.2).

    "" where the chain could not be checked just now: then nothing can be sealed honestly.
    """
    if results["arc"] == "temperror":
        return ""
    said = [
        AuthResult("dkim", each.result, _named({"header.d": each.domain, "header.s": each.selector}))
        for each in signatures
    ]
    if not said:
        said = [
            AuthResult("dkim", each.result, _named({"header.d": signing_domain(each)}))
            for each in stated
            if each.method == "dkim"
        ] or [AuthResult("dkim", "none")]
    said += [
        AuthResult("spf", each.result, _named({"smtp.mailfrom": _envelope_domain(each)}))
        for each in stated
        if each.method == "spf"
    ][:1]
    said += [
        AuthResult("dmarc", results["dmarc"], {"header.from": author_domain}),
        AuthResult("arc", results["arc"]),
    ]
    return write_results(said)


def _named(properties: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in properties.items() if value}
