"""The mails about an account's life: addresses that lapse or change hands, accounts that are joined or removed."""

from identity.mails import send, title_of
from identity.tickets import url
from mail.instant import shown_day
from storage.database import UnitOfWork
from storage.tables.lists import Robot


async def lapses(uow: UnitOfWork, robot: Robot, to: str, *, address: str, until: int, secret: str) -> None:
    """Word that an address soon stops counting, with a link by which it is asked once more."""
    await send(
        uow,
        robot,
        to,
        f"An address of yours will soon stop counting at {title_of(robot)}",
        f"""Hello,

nobody has shown for a long time that this address is yours, so it stops
counting in your account at {title_of(robot)} on {shown_day(until)}:

    {address}

Is it still yours? Open this page and press the button on it:

{url(uow.site, robot, secret)}

Subscriptions stay as they are. What you may do under the address ends,
until you show again that it is yours.
""",
    )


async def keep(uow: UnitOfWork, robot: Robot, to: str, *, owner: str, secret: str) -> None:
    """The question to an address itself whether it is still its account's."""
    await send(
        uow,
        robot,
        to,
        f"Is this still your address? {title_of(robot)} asks",
        f"""Hello,

this address ({to}) belongs to the account of
{owner}
at {title_of(robot)}. Is it still so?

Open this page, where you can say yes, or take the address out of that
account:

{url(uow.site, robot, secret)}
""",
    )


async def link_taken(uow: UnitOfWork, robot: Robot, to: str, *, asker: str, code: str) -> None:
    """Word to an address that somebody asked to add and that another account has; only this mail says so."""
    await send(
        uow,
        robot,
        to,
        f"Somebody asked to add your address at {title_of(robot)}",
        f"""Hello,

{asker}
wants to add this address ({to}) to their account at {title_of(robot)}.
It belongs to an account already, so nothing was changed.

If you asked for it yourself, type this code where you did:

    {code}

That account is then asked, at its main address, whether it agrees.
If it was not you, give the code to nobody, and nothing will happen.
""",
    )


async def consent(uow: UnitOfWork, robot: Robot, to: str, *, asker: str, address: str, secret: str) -> None:
    """The question to the holder of an address whether it may go to another account."""
    await send(
        uow,
        robot,
        to,
        f"May an address of yours go to another account at {title_of(robot)}?",
        f"""Hello,

{asker}
has shown that they read the mail of this address, or is vouched for
with it, and wants to have it in their account at {title_of(robot)}:

    {address}

It is in your account, and it stays there unless you agree. On this page
you can let the address go, join the two accounts if both are yours, or
refuse:

{url(uow.site, robot, secret)}

If you do nothing, nothing will happen.
""",
    )


async def moved(uow: UnitOfWork, robot: Robot, to: str, *, address: str, asker: str) -> None:
    """Word to the former holder that the address is in the other account now."""
    await send(
        uow,
        robot,
        to,
        f"An address left your account at {title_of(robot)}",
        f"""Hello,

this address left your account at {title_of(robot)}:

    {address}

It was asked for by {asker},
and the page that we had mailed to you said yes.
""",
    )


async def joined(uow: UnitOfWork, robot: Robot, to: str, *, other: str, until: int) -> None:
    """Word that two accounts are one now, and until when that can be undone."""
    await send(
        uow,
        robot,
        to,
        f"Two accounts were joined at {title_of(robot)}",
        f"""Hello,

the account of {other}
was joined to yours at {title_of(robot)}. Its addresses, ways to sign in
and subscriptions are yours now.

If that was wrong, it can be undone until {shown_day(until)}, in your
account or by those who run {title_of(robot)}.
""",
    )


async def parted(uow: UnitOfWork, robot: Robot, to: str) -> None:
    """Word that joined accounts are two again."""
    await send(
        uow,
        robot,
        to,
        f"Joined accounts are two again at {title_of(robot)}",
        f"""Hello,

two accounts that had been joined at {title_of(robot)} are two again,
as they were before. All sessions were ended: sign in again.
""",
    )


async def confirm_removal(uow: UnitOfWork, robot: Robot, to: str, *, secret: str) -> None:
    """The question whether the account is really to be removed."""
    await send(
        uow,
        robot,
        to,
        f"Remove your account at {title_of(robot)}?",
        f"""Hello,

somebody, hopefully you, asked to remove your account at {title_of(robot)}:
all its addresses, subscriptions and ways to sign in.

Open this page and press the button on it; that cannot be undone:

{url(uow.site, robot, secret)}

If it was not you, do not press it, and end all sessions in your account.
""",
    )


async def about_to_go(uow: UnitOfWork, robot: Robot, to: str, *, due: int) -> None:
    """Word that an account is going to be removed, and what keeps it."""
    await send(
        uow,
        robot,
        to,
        f"Your account at {title_of(robot)} will be removed",
        f"""Hello,

your account at {title_of(robot)} is not used any more: none of its
addresses is subscribed to anything. It will be removed on {shown_day(due)}.

Sign in once, or subscribe to a list, and it stays. If you do not need
it, you need not do anything.
""",
    )


async def gone(uow: UnitOfWork, robot: Robot, to: str) -> None:
    """The last word: the account is gone."""
    await send(
        uow,
        robot,
        to,
        f"Your account at {title_of(robot)} was removed",
        f"""Hello,

your account at {title_of(robot)} was removed, with all its addresses and
ways to sign in. Nothing of it is left here but the log of what was done.
""",
    )
