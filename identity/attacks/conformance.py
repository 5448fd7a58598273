"""A test class for providers, ours and those of others: pytest runs it, and each of its tests is one kind of attack.

A provider's author writes a subclass whose name begins with `Test`:

    class TestBadge(ProviderConformance):
        provider = postroom_badge
        vouches_for = ("example.edu",)

        def settings(self):
            return postroom_badge.Settings(issuer="https://badge.example", ...)

        def forge(self, forgery, attempt):
            ...

What `forge` cannot make it leaves to `super().forge`, or raises CannotForge with the reason: that test is then skipped.
"""

import asyncio
import time
from typing import Any, ClassVar
from unittest import SkipTest

from identity.attacks.common import common, injected
from identity.attacks.forgeries import Attempt, CannotForge, Forged, Forgery
from identity.attacks.trials import TRIALS, Outcome, Result, Target, run, with_state
from identity.provider import Ask, Inbound, Place, Provider

_TRIALS = {each.forgery: each for each in TRIALS}


class ProviderConformance:
    """What every provider has to stand; a failing test names what was believed."""

    provider: ClassVar[Any]
    # The domains that an operator would let it vouch for; `forge` puts the victim's address there.
    vouches_for: ClassVar[tuple[str, ...]] = ("example.edu",)
    # The name of an account at the other side, for providers that ask for one.
    person: ClassVar[str] = "alice"
    # Whether the proof passes through the browser, where somebody could get hold of it and play it again.
    passes_through_browser: ClassVar[bool] = True

    def settings(self) -> Any:
        """The provider's settings, as an operator's file would give them."""
        return self.provider.Settings()

    def place(self) -> Place:
        """Where it is plugged in, now."""
        own_url = "https://lists.example.org/auth/lists.example.org/tried"
        return Place("https://lists.example.org", own_url, "tried", time.time_ns() // 1000)

    def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        """The input for one kind of forgery, or several by name; may be a coroutine. Raises CannotForge.

        `Forgery.GENUINE` is what an honest other side sends, and has to be made.
        """
        return common(forgery, attempt)

    def test_a_genuine_sign_in_is_believed(self) -> None:
        """Without this, a provider that refuses everything would pass."""
        self._try(Forgery.GENUINE)

    def test_the_state_alone_proves_nothing(self) -> None:
        """Pitfall 15."""
        self._try(Forgery.BARE_CALLBACK)

    def test_what_comes_without_our_state_belongs_to_no_sign_in(self) -> None:
        """Pitfall 15: login CSRF."""
        self._try(Forgery.NO_STATE)

    def test_unverified_mail_does_not_count(self) -> None:
        """Pitfalls 2 and 3."""
        self._try(Forgery.UNVERIFIED_MAIL)

    def test_an_address_of_another_domain_does_not_count(self) -> None:
        """Pitfall 3."""
        self._try(Forgery.FOREIGN_DOMAIN)

    def test_a_proof_is_not_believed_twice(self) -> None:
        """Pitfalls 16, 30, 41: replay, in a sign-in that somebody else has begun."""
        self._try(Forgery.REPLAY)

    def test_an_altered_proof_is_refused(self) -> None:
        """Pitfalls 25 and 29."""
        self._try(Forgery.TAMPERED)

    def test_a_proof_for_another_audience_is_refused(self) -> None:
        """Pitfalls 22, 32, 41."""
        self._try(Forgery.WRONG_AUDIENCE)

    def test_a_wrapped_signature_is_refused(self) -> None:
        """Pitfall 25."""
        self._try(Forgery.WRAPPED_SIGNATURE)

    def test_a_key_from_the_document_is_not_believed(self) -> None:
        """Pitfalls 19, 26, 43."""
        self._try(Forgery.KEY_IN_DOCUMENT)

    def test_a_text_cut_by_a_comment_is_refused(self) -> None:
        """Pitfalls 27 and 28."""
        self._try(Forgery.SPLIT_TEXT)

    def test_alg_none_is_refused(self) -> None:
        """Pitfall 19: no signature, or one of another kind."""
        self._try(Forgery.ALG_NONE)

    def test_an_answer_of_another_provider_is_refused(self) -> None:
        """Pitfall 18: mix-up."""
        self._try(Forgery.MIX_UP)

    def test_a_spoofed_header_is_refused(self) -> None:
        """Pitfall 42."""
        self._try(Forgery.SPOOFED_HEADER)

    def test_an_empty_password_is_refused(self) -> None:
        """Pitfall 38."""
        self._try(Forgery.EMPTY_PASSWORD)

    def test_a_name_is_no_filter(self) -> None:
        """Pitfalls 36, 37, 39."""
        self._try(Forgery.FILTER_INJECTION)

    def test_an_expired_proof_is_refused(self) -> None:
        """Pitfalls 32 and 43."""
        self._try(Forgery.EXPIRED)

    def test_a_proof_of_the_future_is_refused(self) -> None:
        """Pitfalls 32 and 43."""
        self._try(Forgery.FUTURE)

    def test_a_forged_logout_ends_nothing(self) -> None:
        """Pitfall 24."""
        self._try(Forgery.FORGED_LOGOUT)

    def results(self, forgery: Forgery) -> list[Result]:
        """What became of one kind of forgery."""
        provider: Provider = self.provider
        target = Target(
            provider,
            self.settings(),
            self.place,
            self._forged,
            vouches_for=self.vouches_for,
            person=self.person,
        )
        return asyncio.run(run(target, _TRIALS[forgery]))

    async def _forged(self, forgery: Forgery, attempt: Attempt) -> Forged:
        if forgery is Forgery.REPLAY:
            if isinstance(attempt.begun, Ask) or not self.passes_through_browser:
                raise CannotForge("no proof passes through the browser, so nobody can play it again")
            return await self._made(Forgery.GENUINE, attempt)
        if forgery is Forgery.NO_STATE and not isinstance(attempt.begun, Ask):
            genuine = await self._made(Forgery.GENUINE, attempt)
            if not isinstance(genuine, Inbound):
                genuine = genuine[""]
            return {
                "a state of nobody": with_state(genuine, attempt.wish.state, "of-nobody"),
                "no state": with_state(genuine, attempt.wish.state, ""),
            }
        if forgery is Forgery.FILTER_INJECTION and isinstance(attempt.begun, Ask):
            # With the right password, so that whoever is found by a wrong name is let in.
            genuine = await self._made(Forgery.GENUINE, attempt)
            form = (genuine if isinstance(genuine, Inbound) else genuine[""]).form
            secret = next(each.name for each in attempt.begun.fields if each.is_secret)
            return injected(attempt, form[secret])
        return await self._made(forgery, attempt)

    async def _made(self, forgery: Forgery, attempt: Attempt) -> Forged:
        made = self.forge(forgery, attempt)
        found: Forged = await made if asyncio.iscoroutine(made) else made
        return found

    def _try(self, forgery: Forgery) -> None:
        results = self.results(forgery)
        bad = [
            f"{each.detail or forgery}: {each.outcome}, {each.explanation}"
            for each in results
            if not each.is_good
        ]
        assert not bad, f"{_TRIALS[forgery].claim} But: {'; '.join(bad)}"
        if all(each.outcome is Outcome.NOT_RUN for each in results):
            reason = "; ".join(each.explanation for each in results)
            assert forgery is not Forgery.GENUINE, f"a genuine sign-in has to be made: {reason}"
            raise SkipTest(reason)
