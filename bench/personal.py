"""What a copy of one's own costs: a personal footer, and its signature, beside signing alone and beside the usual way.

`python -m bench.personal [--copies 1000] [--rounds 3] [--size 4000 --size 100000]`. Nothing is sent. `sign` makes the same
signatures and nothing else; `usual` parses the message for each recipient, sets its text, writes it out and has dkimpy
sign it (of few copies, since it is slow). CPU of this process with its threads; ratios of the rounds' best.
"""

import argparse
import asyncio
import email
import email.policy
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import dkim
import uvloop
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench._world import DOMAIN, a_list, a_post, opened, sqlite_url
from delivery.copies import OWN_NAMES, Originals, Shared
from delivery.personal.making import Making, octets_of
from delivery.settling import member_ids
from delivery.signing.canonical import BodyHash
from delivery.signing.keys import SigningKey, generate
from delivery.signing.pool import signed
from delivery.signing.signer import Signer
from identity.actor import operator
from lists.mailing_lists import find_list, update_settings
from lists.robots import find_robot
from storage import packets
from storage.database import Database
from storage.tables.signing import Algorithm

FOOTER = "-- \nThis was sent to {{ person.name|default('you') }} at {{ person.email }}.\nLeave: {{ unsubscribe_url }}"
_USUAL_COPIES = 40


async def prepared(database: Database, name: str, copies: int, size: int) -> tuple[Shared, list[list[int]]]:
    """A list with a personal footer and a post to it: what its copies share, and its packets."""
    await a_list(database, name, copies)
    async with database.write() as uow:
        robot = await find_robot(uow, DOMAIN)
        mlist = await find_list(uow, f"{name}@{DOMAIN}")
        if robot is None or mlist is None:
            raise LookupError(name)
        await update_settings(uow, operator(robot), mlist, {"footer": FOOTER})
    await a_post(database, name, size)
    async with database.read() as reader:
        last = 0
        while await Originals().get(reader, last + 1) is not None:
            last += 1
        original = await Originals().get(reader, last)
        found = await packets.of_delivery(reader, last, limit=100_000)
    if original is None or original.own is None:
        raise LookupError("no copies of their own")
    return original.own, [member_ids(packet) for packet in found]


def with_key(shared: Shared, key: SigningKey | None) -> Shared:
    """The same, signed by this key."""
    if key is None:
        return shared
    head, _, body = shared.chunks[0].partition(b"\r\n\r\n")
    state = BodyHash()
    state.update(body.replace(b"\r\n..", b"\r\n."))
    signer = Signer((key,), lambda: time.time_ns() // 1000)
    return replace(shared, prepared=signer.prepare(head + b"\r\n", OWN_NAMES), state=state)


async def spliced(database: Database, shared: Shared, groups: list[list[int]]) -> None:
    """All copies as the worker makes them, without a wire."""
    for keys in groups:
        making = Making(database, shared, 1, keys)
        await making.reach(len(keys))
        for own in making.made:
            octets_of(shared, own)


async def signatures(shared: Shared, copies: int) -> None:
    """As many signatures over the same fields."""
    if shared.prepared is not None:
        digest = shared.state.digest()
        own = b"List-Unsubscribe: <https://x.example/u/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        for start in range(0, copies, 16):
            await signed(shared.prepared, [(own, digest)] * min(16, copies - start))


async def usual(raw: bytes, key: SigningKey, copies: int) -> None:
    """Parse, change the text, write, sign by dkimpy: for each recipient."""
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    for number in range(copies):
        message = email.message_from_bytes(raw, policy=email.policy.SMTP)
        message.set_content(f"{message.get_content()}\n-- \nThis was sent to {number}\n")
        whole = message.as_bytes()
        dkim.sign(whole, b"s", DOMAIN.encode(), pem, canonicalize=(b"relaxed", b"relaxed"))


async def cpu(work: Callable[[], Awaitable[None]], copies: int) -> float:
    """Microseconds of CPU for each copy."""
    began = time.process_time()
    await work()
    return (time.process_time() - began) / copies * 1e6


async def measured(copies: int, rounds: int, size: int) -> dict[str, float]:
    """The best of the rounds of each way, in microseconds a copy; all ways take turns."""
    rsa = SigningKey(DOMAIN, "s", generate(Algorithm.RSA2048))
    ed25519 = SigningKey(DOMAIN, "e", generate(Algorithm.ED25519))
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        async with opened(sqlite_url(Path(place))) as database:
            shared, groups = await prepared(database, "personal", copies, size)
            of = {
                name: with_key(shared, key) for name, key in (("", None), ("rsa", rsa), ("ed25519", ed25519))
            }
            raw = b"".join(shared.chunks)
            ways: dict[str, tuple[Callable[[], Awaitable[None]], int]] = {
                "splice": (partial(spliced, database, of[""], groups), copies),
                "splice + rsa": (partial(spliced, database, of["rsa"], groups), copies),
                "splice + ed25519": (partial(spliced, database, of["ed25519"], groups), copies),
                "sign rsa": (partial(signatures, of["rsa"], copies), copies),
                "sign ed25519": (partial(signatures, of["ed25519"], copies), copies),
                "usual + dkimpy rsa": (partial(usual, raw, rsa, _USUAL_COPIES), _USUAL_COPIES),
            }
            for _ in range(rounds):
                for name, (work, count) in ways.items():
                    found.setdefault(name, []).append(await cpu(work, count))
                    await asyncio.sleep(0)
    return {name: min(each) for name, each in found.items()}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--copies", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, action="append")
    chosen = parser.parse_args()
    for size in chosen.size or [4_000, 100_000]:
        found = uvloop.run(measured(chosen.copies, chosen.rounds, size))
        print(f"{size} octets, {chosen.copies} copies, best of {chosen.rounds}")
        for name, micros in found.items():
            print(f"    {name:20} {micros:9.1f} µs CPU a copy {1e6 / micros:10,.0f} copies/s of one core")
        for name in ("rsa", "ed25519"):
            share = found[f"sign {name}"] / found[f"splice + {name}"]
            print(f"    splice + {name}: {share:.0%} of the rate of signing alone")
        times = found["usual + dkimpy rsa"] / found["splice + rsa"]
        print(f"    splice + rsa: {times:.0f} times the rate of parsing, writing and dkimpy")


if __name__ == "__main__":
    main()
