"""Somebody hostile at a machine where somebody else signed in yesterday: what would outlast the session stays shut."""

from tests.conftest import Clock
from tests.journeys.hostile_inputs import inputs, things
from tests.journeys.hostile_world import Hostile

# Ways in, keys for programs, offices, rules, a domain's own settings, and what cannot be undone.
OF_ANYBODY = {
    "apiTokenCreate", "identityLink", "identityUnlink", "secondFactorBegin", "secondFactorConfirm", "secondFactorRemove",
    "recoveryCodesRenew", "emailLink", "emailEvidenceRevoke", "emailUnlink", "emailSetMain", "applicationGrantCreate",
    "mailingListClose", "roleGrant", "scenarioWrite", "scenarioRemove", "listElevate",
}  # fmt: skip
OF_LISTMASTERS = {
    "mailingListOpen",
    "robotUpdate",
    "applicationRegister",
    "applicationRotate",
    "applicationRevoke",
    "familyInstantiate",
    "dkimKeyCreate",
    "dkimKeyActivate",
    "dkimKeyRetire",
}


async def test_what_would_outlast_the_session_wants_a_sign_in_of_the_last_hours(
    hostile: Hostile, clock: Clock
) -> None:
    """Pitfall 54."""
    wanted = inputs(await things(hostile), "unused")
    owner, listmaster = await hostile.session(hostile.world.carol), await hostile.session(hostile.lena)
    clock.advance(hours=13)
    for name in sorted(OF_ANYBODY | OF_LISTMASTERS):
        askers = [listmaster] if name in OF_LISTMASTERS else [owner, listmaster]
        for token in askers:
            assert await hostile.codes(name, token, wanted[name]) == ["REAUTHENTICATION_REQUIRED"], name


async def test_an_old_session_sets_no_password(hostile: Hostile, clock: Clock) -> None:
    """Pitfalls 48 and 54: neither where there is one, which has to be known, nor where there is none."""
    tokens = [await hostile.session(each) for each in (hostile.world.alice, hostile.world.carol)]
    for hours in (0, 13):
        clock.advance(hours=hours)
        for token in tokens:
            for current in ({}, {"currentPassword": ""}, {"currentPassword": "a guess of theirs"}):
                given = {**current, "newPassword": "another good one"}
                assert await hostile.codes("passwordChange", token, given) == ["WRONG_CREDENTIALS"]
