"""What a signature costs: ours beside dkimpy's, with its own RSA and with that of `cryptography` plugged in.

`python -m bench.signing [--seconds 0.4] [--rounds 5]`. Processor time for one copy, the best of some rounds in which all
take turns, for messages of 4 and of 100 kB. "Own copy" is what a recipient with fields of their own costs: the constant
head is hashed already; `body` is hashed for each copy anew where it differs, once where it does not. Ratios are to dkimpy
as it is, and to dkimpy with `cryptography`; never compare figures of two runs. At the end: many copies in the pool of two
threads beside one thread, by the wall clock.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dkim
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from delivery.signing.arc import Seal
from delivery.signing.canonical import body_digest
from delivery.signing.keys import SigningKey, generate
from delivery.signing.pool import signed as signed_in_pool
from delivery.signing.signer import Signer
from storage.tables.signing import Algorithm

_DOMAIN = "lists.example.org"
_OWN_NAMES = ("List-Unsubscribe", "List-Unsubscribe-Post")
_HEAD = b"".join(
    line + b"\r\n"
    for line in (
        b"From: Alice <alice@example.edu>",
        b"To: talk@lists.example.org",
        b"Subject: [talk] Rain and snow",
        b"Date: Mon, 1 Jan 2024 10:00:00 +0000",
        b"Message-ID: <1@example.edu>",
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=utf-8",
        b"List-Id: <talk.lists.example.org>",
        b"List-Post: <mailto:talk@lists.example.org>",
        b"List-Help: <mailto:talk-request@lists.example.org?subject=help>",
        b"Authentication-Results: mx.lists.example.org; dkim=pass header.d=example.edu; arc=none",
    )
)
_OWN = (
    b"List-Unsubscribe: <https://lists.example.org/u/%d>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
)
_COVERED = [
    name.encode()
    for name in [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "list-id",
        "list-post",
        "list-help",
        "list-unsubscribe",
        "list-unsubscribe-post",
    ]
]


def body_of(octets: int) -> bytes:
    """Prose with an attachment in base64, of about so many octets."""
    prose = b"It rains,  and the wind \tblows from the north-west today. \r\n" * min(60, octets // 120)
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3\r\n"
    return prose + line * max(0, (octets - len(prose)) // len(line))


@contextmanager
def plugged(private: rsa.RSAPrivateKey) -> Iterator[None]:
    """dkimpy signs with `cryptography` instead of its own RSA, until the block ends."""
    before = dkim.RSASSA_PKCS1_v1_5_sign, dkim.parse_pem_private_key

    def sign(hashed: Any, key: rsa.RSAPrivateKey) -> bytes:
        return key.sign(hashed.digest(), padding.PKCS1v15(), Prehashed(hashes.SHA256()))

    dkim.RSASSA_PKCS1_v1_5_sign, dkim.parse_pem_private_key = sign, lambda _text: private
    try:
        yield
    finally:
        dkim.RSASSA_PKCS1_v1_5_sign, dkim.parse_pem_private_key = before


def cost(work: Callable[[], object], seconds: float) -> float:
    """Microseconds of processor time for one call, measured for so long."""
    work()
    count, begun = 0, time.process_time()
    while True:
        work()
        count += 1
        taken = time.process_time() - begun
        if taken >= seconds:
            return taken / count * 1e6


def contenders(octets: int) -> dict[str, Callable[[], object]]:
    """What is compared, by name; the first two are the references."""
    private = generate(Algorithm.RSA2048)
    edwards = generate(Algorithm.ED25519)
    assert isinstance(private, rsa.RSAPrivateKey)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    key, short = SigningKey(_DOMAIN, "s1", private), SigningKey(_DOMAIN, "s2", edwards)
    body, own = body_of(octets), _OWN % 1
    raw = own + _HEAD + b"\r\n" + body

    def clock() -> int:
        return time.time_ns() // 1000

    def theirs() -> object:
        return dkim.sign(
            raw, b"s1", _DOMAIN.encode(), pem, include_headers=_COVERED, canonicalize=(b"relaxed",) * 2
        )

    def theirs_plugged() -> object:
        with plugged(private):
            return theirs()

    def chain() -> object:
        return dkim.arc_sign(raw, b"s1", _DOMAIN.encode(), pem, b"mx.lists.example.org", _COVERED)

    def chain_plugged() -> object:
        with plugged(private):
            return chain()

    plain = Signer((key,), clock).prepare(_HEAD, _OWN_NAMES)
    edward = Signer((short,), clock).prepare(_HEAD, _OWN_NAMES)
    seal = Seal(key, "mx.lists.example.org; dkim=pass header.d=example.edu; arc=none")
    sealing = Signer((key,), clock, seal).prepare(_HEAD, _OWN_NAMES)
    digest = body_digest(body)
    return {
        "dkimpy": theirs,
        "dkimpy + cryptography": theirs_plugged,
        "ours, whole message": lambda: (
            Signer((key,), clock).prepare(_HEAD, _OWN_NAMES).fields(own, body_digest(body))
        ),
        "ours, own copy, body differs": lambda: plain.fields(own, body_digest(body)),
        "ours, own copy, body shared": lambda: plain.fields(own, digest),
        "ours, ed25519, body shared": lambda: edward.fields(own, digest),
        "ours, hashing the body": lambda: body_digest(body),
        "dkimpy, ARC alone": chain,
        "dkimpy + cryptography, ARC alone": chain_plugged,
        "ours, DKIM and ARC, body shared": lambda: sealing.fields(own, digest),
    }


def compared(octets: int, seconds: float, rounds: int) -> None:
    """Print what each costs, and how many times cheaper than the references it is."""
    works = contenders(octets)
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            best[name] = min(best[name], cost(work, seconds / 2))
    plain, plugged_in = best["dkimpy"], best["dkimpy + cryptography"]
    print(f"\n{octets // 1000} kB{'us of CPU':>42}{'x dkimpy':>12}{'x plugged':>12}")
    for name, microseconds in best.items():
        if "ARC" in name:
            plain, plugged_in = best["dkimpy, ARC alone"], best["dkimpy + cryptography, ARC alone"]
        print(
            f"{name:<36}{microseconds:>10.0f}{plain / microseconds:>12.1f}{plugged_in / microseconds:>12.1f}"
        )


async def pooled(copies: int) -> None:
    """Print how much faster two threads sign many copies than one, and how long the loop was held up."""
    key = SigningKey(_DOMAIN, "s1", generate(Algorithm.RSA2048))
    prepared = Signer((key,), lambda: time.time_ns() // 1000).prepare(_HEAD, _OWN_NAMES)
    digest = body_digest(body_of(4_000))
    wanted = [(_OWN % number, digest) for number in range(copies)]
    begun = time.perf_counter()
    for own, each in wanted:
        prepared.fields(own, each)
    alone = time.perf_counter() - begun
    worst, last = 0.0, time.perf_counter()

    async def watch() -> None:
        nonlocal worst, last
        while True:
            await asyncio.sleep(0.001)
            worst, last = max(worst, time.perf_counter() - last), time.perf_counter()

    watching = asyncio.create_task(watch())
    begun = time.perf_counter()
    await signed_in_pool(prepared, wanted)
    pool = time.perf_counter() - begun
    watching.cancel()
    print(
        f"\n{copies} copies: one thread {alone:.2f} s, the pool {pool:.2f} s ({alone / pool:.2f} times as fast); "
        f"the loop waited {worst * 1000:.1f} ms at most"
    )


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.4, help="processor time for each, in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--copies", type=int, default=2_000)
    asked = parser.parse_args()
    for octets in (4_000, 100_000):
        compared(octets, asked.seconds, asked.rounds)
    asyncio.run(pooled(asked.copies))


if __name__ == "__main__":
    main()
