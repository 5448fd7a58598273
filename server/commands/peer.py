"""`postroom peer`: other list servers, which people's subscriptions may be asked of and told."""

from typing import Annotated, Any

import typer

from federation import discovery, peer_keys, peers, trying
from federation.errors import NoSuchPeer
from federation.own_keys import SIGNING, OwnKeys, ensured, own_keys, rotate
from federation.own_keys import issuer_of as our_issuer
from federation.terms import set_terms
from federation.trying import Finding
from identity.actor import Actor
from mail.instant import to_rfc3339
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, opened
from storage import peers as rows
from storage.database import Database, Reader
from storage.tables.federation import Peer
from storage.tables.words import PeerEvidence, PeerTrust

Domain = Annotated[str, typer.Argument(help="Its name, as lists.example.org.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Other list servers.")
    subject.command("add")(add)
    subject.command("trust")(trust)
    subject.command("terms")(terms)
    subject.command("list")(every)
    subject.command("remove")(remove)
    subject.command("test")(try_it)
    subject.command("keys")(keys)
    app.add_typer(subject, name="peer")


def add(domain: Domain, *, who: As = None, as_json: AsJson = False) -> None:
    """Know another list server, and show its thumbprints: compare them with its administrator before you trust it."""
    peer = finish(_add(domain, who))
    marks = "\n".join(f"  {each}" for each in _thumbprints(peer))
    text = (
        f"{peer.domain} is known, and trusted with nothing yet. It signs with:\n{marks}\n"
        f"Compare them by telephone or in person, then: postroom peer trust {peer.domain} mutual --thumbprint …"
    )
    tell(_shown(peer), text, as_json=as_json)


async def _add(domain: str, who: str | None) -> Peer:
    async with opened() as database:
        return await peers.register(database, await _administrator(database, who), domain)


def trust(
    domain: Domain,
    level: Annotated[PeerTrust, typer.Argument(help="What it may ask and be asked.")],
    thumbprint: Annotated[
        list[str] | None, typer.Option(help="One that you compared; give each key that it signs with now.")
    ] = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Say what a server may ask and be asked: mutual, ask_only (we ask it), answer_only (it asks us), blocked, pending."""
    peer = finish(_trust(domain, level, thumbprint or [], who))
    tell(_shown(peer), f"{peer.domain}: {peer.trust.value}.", as_json=as_json)


async def _trust(domain: str, level: PeerTrust, thumbprints: list[str], who: str | None) -> Peer:
    async with opened() as database:
        actor = await _administrator(database, who)
        async with database.write() as uow:
            peer = await _named(uow, domain)
            return await peers.set_trust(uow, actor, peer.id, level, thumbprints)


def terms(
    domain: Domain,
    evidence: Annotated[
        PeerEvidence | None, typer.Option(help="What its questions have to show: token, consent, assertion.")
    ] = None,
    acts: Annotated[
        bool | None, typer.Option(help="Whether people may leave and pause lists here through it.")
    ] = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Say what a server's questions have to show, and whether people may leave and pause lists here through it."""
    peer = finish(_terms(domain, evidence, acts, who))
    said = "people may act through it" if peer.allows_acts else "nobody acts through it"
    tell(_shown(peer), f"{peer.domain}: {peer.evidence.value}; {said}.", as_json=as_json)


async def _terms(domain: str, evidence: PeerEvidence | None, acts: bool | None, who: str | None) -> Peer:
    async with opened() as database:
        actor = await _administrator(database, who)
        async with database.write() as uow:
            peer = await _named(uow, domain)
            return await set_terms(uow, actor, peer.id, evidence=evidence, allows_acts=acts)


def every(*, who: As = None, as_json: AsJson = False) -> None:
    """Name the servers that are known, what they may do, and how they do."""
    found = finish(_every(who))
    shown = [(peer.domain, peer.trust.value, _how(peer), peer.alert or "-") for peer in found]
    none = "No other server is known yet; make one known by: postroom peer add lists.example.org"
    tell({"peers": [_shown(peer) for peer in found]}, table(shown) if found else none, as_json=as_json)


async def _every(who: str | None) -> list[Peer]:
    async with opened() as database:
        await _administrator(database, who)
        async with database.read() as reader:
            return await rows.every(reader)


def remove(domain: Domain, *, who: As = None, as_json: AsJson = False) -> None:
    """Forget a server, and what people agreed to about it."""
    finish(_remove(domain, who))
    tell({"removed": domain}, f"{domain} is forgotten.", as_json=as_json)


async def _remove(domain: str, who: str | None) -> None:
    async with opened() as database:
        actor = await _administrator(database, who)
        async with database.write() as uow:
            await peers.remove(uow, actor, (await _named(uow, domain)).id)


def try_it(domain: Domain, *, who: As = None, as_json: AsJson = False) -> None:
    """Fetch a server's document and say step by step whether it could be asked now."""
    peer, findings, taken = finish(_test(domain, who))
    lines = [f"{'well ' if each.is_well else 'look '} {each.text}" for each in findings]
    value = {
        **_shown(peer),
        "milliseconds": taken,
        "findings": [{"well": each.is_well, "text": each.text} for each in findings],
    }
    tell(value, "\n".join([*lines, f"It took {taken} ms."]), as_json=as_json)
    if not all(each.is_well for each in findings):
        raise typer.Exit(1)


async def _test(domain: str, who: str | None) -> tuple[Peer, list[Finding], int]:
    async with opened() as database:
        actor = await _administrator(database, who)
        async with database.read() as reader:
            peer = await _named(reader, domain)
        return await trying.findings_about(database, actor, peer.id)


def keys(
    change: Annotated[
        bool, typer.Option("--rotate", help="Announce new keys, which are used in seven days.")
    ] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the keys by which other servers know this one; their administrators compare the thumbprints."""
    issuer, found, is_changed = finish(_keys(change=change))
    shown = [
        (each.kid, to_rfc3339(each.not_before), "" if each.not_after is None else to_rfc3339(each.not_after))
        for each in found.signing
    ]
    text = f"{issuer}\n{table([('thumbprint', 'from', 'until'), *shown])}"
    if change and not is_changed:
        text += f"\nNothing has changed: the change before is under way until {shown[0][2]}."
    value = {
        "issuer": issuer,
        "changed": is_changed,
        "discovery": f"{issuer}{discovery.PATH}",
        "keys": [{"thumbprint": kid, "from": begins, "until": ends or None} for kid, begins, ends in shown],
    }
    tell(value, text, as_json=as_json)


async def _keys(*, change: bool) -> tuple[str, OwnKeys, bool]:
    async with opened() as database:
        async with database.read() as reader:
            before = known = await own_keys(reader)
        if known is None or change:
            async with database.write() as uow:
                known = await rotate(uow) if change else await ensured(uow)
        is_changed = before is None or len(known.signing) > len(before.signing)
        return our_issuer(database.site), known, is_changed


async def _administrator(database: Database, who: str | None) -> Actor:
    async with database.read() as reader:
        actor = await caller(reader, None, who)
        await peers.require_administrator(reader, actor)
        return actor


async def _named(reader: Reader, domain: str) -> Peer:
    found = await rows.by_domain(reader, domain.strip().lower())
    if found is None:
        raise NoSuchPeer(f"No server called {domain} is known here.")
    return found


def _thumbprints(peer: Peer) -> list[str]:
    return [each.kid for each in peer_keys.keys_of(peer) if each.curve == SIGNING]


def _how(peer: Peer) -> str:
    if peer.failures:
        return f"{peer.failures} failures, {peer.last_failure}"
    if (peer.last_failure_at or 0) > (peer.last_success_at or 0):
        return f"refuses, {peer.last_failure}"
    return "not asked yet" if peer.last_success_at is None else f"answered {to_rfc3339(peer.last_success_at)}"


def _shown(peer: Peer) -> dict[str, Any]:
    said = discovery.said_by(peer.said)
    return {
        "domain": peer.domain,
        "issuer": peer.issuer,
        "endpoint": peer.endpoint,
        "trust": peer.trust.value,
        "evidence": peer.evidence.value,
        "acts": peer.allows_acts,
        "thumbprints": _thumbprints(peer),
        "pinned": peer.pinned.split(),
        "capabilities": list(said.capabilities),
        "contact": said.contact,
        "alert": peer.alert or None,
        "failures": peer.failures,
        "last_success_at": None if peer.last_success_at is None else to_rfc3339(peer.last_success_at),
        "last_latency_ms": peer.last_latency_ms,
        "last_failure_at": None if peer.last_failure_at is None else to_rfc3339(peer.last_failure_at),
        "last_failure": peer.last_failure or None,
    }
