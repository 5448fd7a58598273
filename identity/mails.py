"""The mails that identity itself sends: plain sentences, the link on a line of its own, no secret in the subject."""

from identity.secret import shown_code
from identity.tickets import url
from mail.address import format_mailbox
from mail.compose import compose
from mail.instant import DAY, HOUR, MINUTE, SECOND
from mail.message import new_message_id
from storage.database import UnitOfWork
from storage.outgoing import enqueue
from storage.tables.lists import Robot

# Nobody's vacation notice answers these (RFC 3834), and no bounce comes back for them.
_EXTRA = (("Auto-Submitted", "auto-generated"),)
_NOBODY = ""


async def sign_in(uow: UnitOfWork, robot: Robot, to: str, *, secret: str, code: str, is_reset: bool) -> None:
    """The link and the code to sign in with; the same words whether or not the address has an account here."""
    what = "choose a new password for" if is_reset else "sign in to"
    await send(
        uow,
        robot,
        to,
        f"Your sign-in to {title_of(robot)}",
        f"""Hello,

somebody, hopefully you, asked to {what} {title_of(robot)} with this
address ({to}).

Open this page and press the button on it:

{url(uow.site, robot, secret)}

Or type this code where you began:

    {shown_code(code)}

Link and code work once, for {_lasting(uow)}. Give them to nobody: people who
run {title_of(robot)} never ask for them.

If it was not you, you need not do anything.
""",
    )


async def prove_address(uow: UnitOfWork, robot: Robot, to: str, *, code: str) -> None:
    """The code that shows, in the middle of a sign-in, that this address is the asker's; no link, since another browser could not go on."""
    await send(
        uow,
        robot,
        to,
        f"Is this your address? {title_of(robot)} asks",
        f"""Hello,

somebody, hopefully you, is signing in to {title_of(robot)} and says that
this address ({to}) is theirs.

If that is you, type this code where you are signing in:

    {shown_code(code)}

It works once, for 15 minutes. Give it to nobody.

If it is not you, type it nowhere, and nothing will happen.
""",
    )


async def link(uow: UnitOfWork, robot: Robot, to: str, *, asker: str, secret: str, code: str) -> None:
    """The question whether this address belongs to the person who asked to add it."""
    await send(
        uow,
        robot,
        to,
        f"Is this your address? {title_of(robot)} asks",
        f"""Hello,

{asker}
wants to add this address ({to}) to their account at {title_of(robot)}.

If that is you, type this code where you asked for it:

    {shown_code(code)}

or open this page in the browser in which you are signed in:

{url(uow.site, robot, secret)}

Code and link work once, for {_lasting(uow)}.

If it is not you, type the code nowhere and give it to nobody. You need
not do anything; on the page above you can also refuse the request.
""",
    )


async def linked(uow: UnitOfWork, robot: Robot, to: str, *, address: str) -> None:
    """Word to the main address that another one was added."""
    await send(
        uow,
        robot,
        to,
        f"An address was added to your account at {title_of(robot)}",
        f"""Hello,

this address was added to your account at {title_of(robot)}:

    {address}

If it was not you, sign in, remove the address, end all sessions, and
choose a new password.
""",
    )


async def way_in_changed(uow: UnitOfWork, robot: Robot, to: str, *, way: str, is_added: bool) -> None:
    """Word that a way to sign in was added to the account, or taken from it."""
    what = "added to" if is_added else "taken from"
    await send(
        uow,
        robot,
        to,
        f"A way to sign in was {what} your account at {title_of(robot)}",
        f"""Hello,

this way to sign in was {what} your account at {title_of(robot)}:

    {way}

If it was not you, sign in, end all sessions, and look at the ways to
sign in and the addresses of your account.
""",
    )


async def recovery_code_used(uow: UnitOfWork, robot: Robot, to: str, *, left: int) -> None:
    """Word to the main address that somebody came in with a recovery code."""
    await send(
        uow,
        robot,
        to,
        f"A recovery code was used at {title_of(robot)}",
        f"""Hello,

somebody, hopefully you, signed in to {title_of(robot)} with a recovery code
of your account. Unused codes: {left}.

If it was not you, sign in, end all sessions, choose another password, and
have new recovery codes made.
""",
    )


async def password_changed(uow: UnitOfWork, robot: Robot, to: str) -> None:
    """Word to the main address that the password is another one now."""
    await send(
        uow,
        robot,
        to,
        f"Your password at {title_of(robot)} was changed",
        f"""Hello,

the password of your account at {title_of(robot)} was changed just now,
and all other sessions were ended.

If it was not you, ask for a sign-in mail to this address ({to}) and
choose a new password at once.
""",
    )


async def sync_refused(
    uow: UnitOfWork, robot: Robot, to: str, *, label: str, domain: str, key: str, seen: int, expected: int
) -> None:
    """Word to those who run a domain that one of its providers suddenly names far fewer people, and is not believed."""
    await send(
        uow,
        robot,
        to,
        f"{label} names far fewer people than before",
        f"""Hello,

{label}, by which people sign in to {title_of(robot)}, was read just now
and named {seen} people. The last time there were {expected}.

That looks like a fault there, so nothing was changed: everybody's
addresses and attributes from it hold until they expire.

If it is right that so many are gone, say so once on the server:

    postroom provider sync {domain} {key} --believe
""",
    )


def _lasting(uow: UnitOfWork) -> str:
    """How long a ticket lasts, for people."""
    lifetime = uow.site.ticket_lifetime
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if lifetime % unit == 0:
            number = lifetime // unit
            return f"{'one' if number == 1 else number} {name}{'' if number == 1 else 's'}"
    return f"{lifetime // SECOND} seconds"


def title_of(robot: Robot) -> str:
    """What a robot is called in a sentence."""
    return robot.title or robot.domain


async def send(uow: UnitOfWork, robot: Robot, to: str, subject: str, text: str) -> None:
    """Put a mail of ours, plain text in lines of 72 characters, into the queue."""
    message_id = new_message_id(robot.domain)
    outgoing = compose(
        sender=format_mailbox(title_of(robot), f"listmaster@{robot.domain}"),
        to=to,
        subject=subject,
        text=text,
        domain=robot.domain,
        date=uow.now,
        message_id=message_id,
        extra=_EXTRA,
    )
    await enqueue(
        uow,
        robot_id=robot.id,
        to=to,
        outgoing=outgoing,
        reverse_path=_NOBODY,
        subject=subject,
        message_id=message_id,
    )
