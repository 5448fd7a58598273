"""What an administrator should look at: peers that raised an alert or stay away, and keys of ours that are old."""

from federation.own_keys import own_keys
from federation.trust import may_answer, may_ask
from mail.instant import DAY
from storage import peers
from storage.database import Reader
from storage.tables.federation import Peer

_OLD = 365 * DAY
_STALE = 7 * DAY
_AWAY_AFTER = 20
# What a peer refuses by, or is not believed for, that people have to put right.
_WORDS = {
    "CLOCK": "The clock of {} and this server's are more than a minute apart; see that both are set from the network",
    "NOT_TRUSTED": "{} does not answer this server; its administrator has to allow it",
    "UNKNOWN_PEER": "{} does not know this server; its administrator has to add it",
    "UNKNOWN_KEY": "{} does not know this server's key; its administrator has to look at this server's document",
    "VERSION": "{} speaks another version of the protocol than this server",
}


async def troubles(reader: Reader) -> list[str]:
    """A sentence for each thing that needs a look; none where all is well."""
    known = await peers.every(reader)
    own = await own_keys(reader)
    found = [text for peer in known if (text := _of(peer, reader.now))]
    if own is not None and known and reader.now - own.signer(reader.now).not_before > _OLD:
        found.append("This server's keys are older than a year; run: postroom peer keys --rotate")
    return found


def _of(peer: Peer, now: int) -> str:
    if peer.alert:
        return f"{peer.domain}: {peer.alert}; compare its keys, then run: postroom peer trust {peer.domain} …"
    if not (may_ask(peer.trust) or may_answer(peer.trust)):
        return ""
    if peer.failures >= _AWAY_AFTER:
        return f"{peer.domain} failed {peer.failures} times in a row; run: postroom peer test {peer.domain}"
    if peer.last_failure in _WORDS and (peer.last_failure_at or 0) > (peer.last_success_at or 0):
        return _WORDS[peer.last_failure].format(peer.domain)
    if now - peer.fetched_at > _STALE:
        return f"The document of {peer.domain} was not looked at for a week; is the worker running?"
    return ""
