"""A `postroom worker` as a process of its own, on a database with the real clock, for tests that stop, freeze or kill it."""

import os
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from delivery.reception import receive
from identity.actor import founder, operator
from lists.mailing_lists import create_list
from lists.robots import create_robot, find_robot
from mail.address import address_key
from storage import lists, memberships
from storage.database import Database
from storage.opening import migrate, open_database
from storage.site import Site
from storage.tables.mail import Delivery
from tests.delivery.test_flow import a_message, posts_of
from tests.wire.postroom import PROGRAM

DOMAIN = "lists.example.test"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A migrated database with the clock of this machine."""
    await migrate(url)
    database = await open_database(url, Site(public_url="https://lists.example.test", secret=b"s" * 32))
    try:
        yield database
    finally:
        await database.close()


async def a_post(
    database: Database,
    name: str,
    addresses: Sequence[str],
    *,
    priority: str = "5",
    personalization: str = "never",
) -> Delivery:
    """A post on its way to a list of these members, which is made where it is missing."""
    async with database.write() as uow:
        robot = await find_robot(uow, DOMAIN) or await create_robot(uow, founder(), DOMAIN)
        mlist = await lists.find(uow, name, DOMAIN)
        if mlist is None:
            settings = {"send": "public", "personalization": personalization, "priority": priority}
            mlist = await create_list(uow, operator(robot), robot, name, name, settings)
            rows = [memberships.row(address=each, address_key=address_key(each)) for each in addresses]
            await memberships.add_many(uow, mlist.id, rows)
    raw = a_message("x@example.net", message_id=f"<{secrets.token_hex(8)}@example.net>")
    reply = await receive(database, "x@example.net", mlist.address, raw)
    assert reply.is_positive, reply
    return (await posts_of(database, mlist))[0]


@contextmanager
def worker_process(url: str, place: Path, *ports: int, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`postroom worker` that hands over to these ports; killed in the end if it still runs."""
    place.mkdir(parents=True, exist_ok=True)
    said = {
        "DATA_DIR": str(place),
        "DATABASE_URL": url,
        "SMTP_SERVERS": ",".join(f"127.0.0.1:{port}" for port in ports),
        "SMTP_TLS": "off",
    } | {name.upper(): value for name, value in settings.items()}
    environment = os.environ | {f"POSTROOM_{name}": value for name, value in said.items()}
    with (place / "worker.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "worker"], env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait(10)
