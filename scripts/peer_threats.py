"""What other list servers could do to people and servers, with the tests that try it, read from the tests themselves."""

import re

from scripts.attacks import ROOT, Attack, of_file

_NAMED = re.compile(r"\bT(\d{1,2})\b")
_HEAD = """\
# Threats between servers

What could go wrong where list servers ask each other, what stands against it, and which tests try it. A test says itself
which threat it is about, by "T" and its number, and this page is made of that. A file without a test's name stands for all
tests of it. That an unknown address and one that did not agree take the same time is measured: `python -m bench.federation`.
"""
THREATS: dict[int, tuple[str, str]] = {
    1: (
        "Asking tells a peer that somebody exists, is here, and looks now",
        (
            "people choose whom to ask; addresses travel as names that only the pair can make, among names of nobody; only "
            "somebody who signed in lately asks, and nothing asks in the background"
        ),
    ),
    2: (
        "A server that calls itself a peer harvests the memberships of addresses that it names",
        (
            "nothing is told that the address's own reader or the account did not agree to; a peer's word counts only where an "
            "administrator said so, and a token can be asked for"
        ),
    ),
    3: (
        "A trusted peer goes through addresses one by one",
        (
            "one question, no introspection, budgets per peer, per name and for new names, which a change of keys does not make anew; "
            "beyond them it is answered no more, and administrators are told"
        ),
    ),
    4: (
        "A question or an answer is replayed, altered, or taken to another server",
        (
            "signatures over method, address, body, destination and time by keys that were compared by hand, or announced by one "
            "that was; a nonce counts once; answers are bound to their question"
        ),
    ),
    5: (
        "A peer answers with links that phish, with other servers' lists, or with a flood",
        "lists under its own domains, links to its own origin, sizes, text shown as text; else nothing of the answer is shown",
    ),
    6: (
        "Servers that ask each other go round in a ring, or multiply what one asked",
        "answers come from local data alone, a question that was handed on is refused, and no number of questions has more than one document an hour fetched",
    ),
    7: (
        "A slow peer keeps the page waiting",
        "all are asked at once until a deadline, and one that fails often is left alone",
    ),
    8: (
        "An address has changed hands since it was proved",
        (
            "addresses that were confirmed more than a year ago are neither named nor told of by what their account agreed to; what an "
            "account had agreed to ends with its proof of the address, a mailed yes and its token after a year; statements last a minute"
        ),
    ),
    9: (
        "Time, size or wording of an answer tells who is known",
        "the same octets, the same statements and the same moment for an unknown address and one that did not agree",
    ),
    10: (
        "A name of a server leads into our own network",
        "https, no redirects, public addresses only, and the connection goes to the address that was looked at",
    ),
}


def by_threat() -> dict[int, list[Attack]]:
    """Each threat with its tests, in the order of files."""
    found: dict[int, list[Attack]] = {number: [] for number in THREATS}
    tests = ROOT / "tests"
    for path in [
        *sorted(tests.glob("federation/test_*.py")),
        *sorted(tests.glob("wire/test_federation*.py")),
    ]:
        for attack, named in of_file(path, _numbers):
            for number in sorted(named & THREATS.keys()):
                found[number].append(attack)
    return found


def page() -> str:
    """The page for readers."""
    lines, tests = [_HEAD], by_threat()
    for number, (threat, answer) in THREATS.items():
        lines.append(f"## T{number}. {threat}\n")
        lines.append(f"Against it: {answer}.\n")
        lines.append("".join(f"- `{each}`\n" for each in tests[number]))
    return "\n".join(lines)


def _numbers(text: str) -> set[int]:
    return {int(each) for each in _NAMED.findall(text)}
