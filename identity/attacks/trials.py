"""Handing forgeries to a provider and judging what it makes of them: refused, a mere candidate, or believed."""

import asyncio
import inspect
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from identity.attacks.forgeries import FOREIGN_ADDRESS, VICTIM, Attempt, CannotForge, Forge, Forged, Forgery
from identity.auth_config import Entry
from identity.linking import vouched_addresses
from identity.provider import (
    Answer,
    Ask,
    Ended,
    Evidence,
    Inbound,
    Place,
    Provider,
    ProviderAway,
    SigningOut,
    Wish,
)
from identity.refusal import Refused

DEADLINE_SECONDS = 10.0


class Outcome(StrEnum):
    """What a provider made of an input."""

    REFUSED = "refused"
    CANDIDATE = "candidate"
    BELIEVED = "believed"
    CRASHED = "crashed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Trial:
    """One kind of forgery: the pitfall of the requirements that it belongs to, and what must hold, in a sentence."""

    forgery: Forgery
    pitfall: str
    claim: str


TRIALS: tuple[Trial, ...] = (
    Trial(Forgery.GENUINE, "-", "A genuine sign-in is believed."),
    Trial(Forgery.BARE_CALLBACK, "15", "The state alone proves nothing."),
    Trial(Forgery.NO_STATE, "15", "What comes without the state of a begun sign-in belongs to none."),
    Trial(Forgery.UNVERIFIED_MAIL, "2, 3", "An address that is not verified there does not count here."),
    Trial(Forgery.FOREIGN_DOMAIN, "3", "An address of a domain that it does not vouch for does not count."),
    Trial(Forgery.REPLAY, "16, 30, 41", "What signed in once does not sign in again."),
    Trial(Forgery.TAMPERED, "25, 29", "A proof that is made up, altered or unsigned is refused."),
    Trial(Forgery.WRONG_AUDIENCE, "22, 32, 41", "A proof for another service is refused."),
    Trial(Forgery.WRAPPED_SIGNATURE, "25", "Only what the signature covers is read."),
    Trial(Forgery.KEY_IN_DOCUMENT, "19, 26, 43", "A key that the proof itself brings is not believed."),
    Trial(Forgery.SPLIT_TEXT, "27, 28", "A text is read whole, or not at all."),
    Trial(Forgery.ALG_NONE, "19", "A proof whose signature is none, or of another kind, is refused."),
    Trial(Forgery.MIX_UP, "18", "An answer of another provider than the one that was asked is refused."),
    Trial(Forgery.SPOOFED_HEADER, "42", "Header fields are believed from the web server alone."),
    Trial(Forgery.EMPTY_PASSWORD, "38", "No password is no proof."),
    Trial(Forgery.FILTER_INJECTION, "36, 37, 39", "A name is a name, and not a part of a question."),
    Trial(Forgery.EXPIRED, "32, 43", "A proof that has run out is refused."),
    Trial(Forgery.FUTURE, "32, 43", "A proof that is not valid yet is refused."),
    Trial(Forgery.FORGED_LOGOUT, "24", "Nobody else ends a session."),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A provider to be tried: its module and settings, for whose domains it vouches, and who makes the forgeries.

    `place` answers where it is plugged in, at this moment. `person` is an account there, "" where none is known.
    """

    provider: Provider
    settings: Any
    place: Callable[[], Place]
    forge: Forge
    vouches_for: tuple[str, ...] = ()
    person: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one input; `detail` names it among several of its kind."""

    trial: Trial
    detail: str
    outcome: Outcome
    explanation: str

    @property
    def is_good(self) -> bool:
        """Whether the provider did what it must; what was not run shows nothing, and is no failure."""
        if self.outcome is Outcome.NOT_RUN:
            return True
        if self.trial.forgery is Forgery.GENUINE:
            return self.outcome is Outcome.BELIEVED
        return self.outcome in {Outcome.REFUSED, Outcome.CANDIDATE}


async def run_all(target: Target) -> AsyncIterator[Result]:
    """Every trial, one after the other."""
    for trial in TRIALS:
        for result in await run(target, trial):
            yield result


async def run(target: Target, trial: Trial) -> list[Result]:
    """One kind of forgery, each input in an attempt of its own."""
    try:
        attempt = await _begin(target)
        inputs = await _forged(target, trial.forgery, attempt)
    except CannotForge as why:
        return [Result(trial, "", Outcome.NOT_RUN, str(why))]
    except ProviderAway as away:
        return [Result(trial, "", Outcome.NOT_RUN, f"the provider does not answer: {away.detail}")]
    judge = _JUDGES.get(trial.forgery, _judge)
    return [
        Result(trial, detail, *await _judged(judge, target, attempt, inbound))
        for detail, inbound in inputs.items()
    ]


async def _begin(target: Target) -> Attempt:
    wish = Wish(secrets.token_urlsafe(32))
    place = target.place()
    domain = target.vouches_for[0] if target.vouches_for else "vouched-for.example"
    async with asyncio.timeout(DEADLINE_SECONDS):
        begun = await target.provider.begin(target.settings, place, wish)
    return Attempt(place, wish, begun, f"{VICTIM}@{domain}", target.person)


async def _forged(target: Target, forgery: Forgery, attempt: Attempt) -> Mapping[str, Inbound]:
    made = target.forge(forgery, attempt)
    found: Forged = await made if inspect.isawaitable(made) else made
    return {"": found} if isinstance(found, Inbound) else found


Verdict = tuple[Outcome, str]


async def _judged(judge: Any, target: Target, attempt: Attempt, inbound: Inbound) -> Verdict:
    """What a judge says; a refusal in words is one, anything else that is raised is a crash, which refuses by accident."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return cast(Verdict, await judge(target, attempt, inbound))
    except ProviderAway as away:
        return Outcome.NOT_RUN, f"the provider does not answer: {away.detail}"
    except Refused as refused:
        return Outcome.REFUSED, str(getattr(refused, "detail", "") or refused.message)
    except TimeoutError:
        return Outcome.CRASHED, f"it took longer than {DEADLINE_SECONDS:g} seconds"
    except Exception as broken:  # noqa: BLE001 - whatever a provider of others raises is what is to be found out
        return Outcome.CRASHED, f"{type(broken).__name__}: {broken}"


async def _complete(target: Target, attempt: Attempt, inbound: Inbound) -> Evidence | str:
    """What the provider makes of it within the attempt; as the core does, "why" where its state leads nowhere."""
    if not isinstance(attempt.begun, Ask):
        state = target.provider.state_of(target.settings, inbound)
        if state != attempt.wish.state:
            return "it does not carry the state of a begun sign-in"
    evidence = await target.provider.complete(target.settings, attempt.place, inbound, attempt.kept)
    if not evidence.issuer or not evidence.subject:
        return "it names no issuer or no subject"
    return evidence


async def _judge(target: Target, attempt: Attempt, inbound: Inbound) -> Verdict:
    found = await _complete(target, attempt, inbound)
    if isinstance(found, str):
        return Outcome.REFUSED, found
    return Outcome.BELIEVED, f"it was believed to be {found.subject} of {found.issuer}"


async def _judge_address(target: Target, attempt: Attempt, inbound: Inbound) -> Verdict:
    """An address that is claimed: it must not count, whether or not the sign-in does."""
    found = await _complete(target, attempt, inbound)
    if isinstance(found, str):
        return Outcome.REFUSED, found
    entry = Entry("attack", "attack", "attack", "attack", vouches_for=target.vouches_for)
    counting = {str(address) for address in vouched_addresses(entry, found)}
    if counting & {attempt.address, FOREIGN_ADDRESS}:
        return Outcome.BELIEVED, f"it gives {', '.join(sorted(counting))}"
    return Outcome.CANDIDATE, "the sign-in counts, the address does not"


async def _judge_replay(target: Target, attempt: Attempt, inbound: Inbound) -> Verdict:
    """The same proof in a second sign-in that somebody else has begun."""
    first = await _complete(target, attempt, inbound)
    if isinstance(first, str):
        return Outcome.NOT_RUN, f"there is no genuine sign-in to play again: {first}"
    other = await _begin(target)
    stolen = with_state(inbound, attempt.wish.state, other.wish.state)
    second = await _complete(target, other, stolen)
    if isinstance(second, str):
        return Outcome.REFUSED, second
    if {each.id for each in first.once} & {each.id for each in second.once}:
        return Outcome.REFUSED, "it names what may be used once only, and that was used"
    return Outcome.BELIEVED, "a proof of one sign-in was believed in another"


async def _judge_text(target: Target, attempt: Attempt, inbound: Inbound) -> Verdict:
    """A name with something in the middle: who is read has to be whoever the genuine one names, and nobody else."""
    found = await _complete(target, attempt, inbound)
    if isinstance(found, str):
        return Outcome.REFUSED, found
    genuine = (await _forged(target, Forgery.GENUINE, attempt))[""]
    whole = await _complete(target, attempt, genuine)
    if isinstance(whole, Evidence) and (whole.subject, whole.addresses) == (found.subject, found.addresses):
        return Outcome.REFUSED, "it was read whole, as if nothing stood in the middle"
    return Outcome.BELIEVED, f"it was believed to be {found.subject} of {found.issuer}"


async def _judge_logout(target: Target, attempt: Attempt, inbound: Inbound) -> Verdict:
    if not hasattr(target.provider, "heard"):
        return Outcome.NOT_RUN, "this provider ends no sessions by itself"
    said = await cast(SigningOut, target.provider).heard(target.settings, attempt.place, inbound)
    if isinstance(said, Ended):
        return Outcome.BELIEVED, f"it ended the session {said.session or said.subject}"
    assert isinstance(said, Answer)
    return Outcome.REFUSED, "it ended no session"


def with_state(inbound: Inbound, old: str, new: str) -> Inbound:
    """The same input with the state of another sign-in wherever the old one stands."""

    def changed(fields: Mapping[str, str]) -> dict[str, str]:
        return {name: value.replace(old, new) for name, value in fields.items()}

    return replace(
        inbound,
        url=inbound.url.replace(old, new),
        query=changed(inbound.query),
        form=changed(inbound.form),
        body=inbound.body.replace(old.encode(), new.encode()),
    )


_JUDGES: Mapping[Forgery, Any] = {
    Forgery.UNVERIFIED_MAIL: _judge_address,
    Forgery.FOREIGN_DOMAIN: _judge_address,
    Forgery.REPLAY: _judge_replay,
    Forgery.SPLIT_TEXT: _judge_text,
    Forgery.FORGED_LOGOUT: _judge_logout,
}
