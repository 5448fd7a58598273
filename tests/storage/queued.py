"""A list with members, a post of it on its way, and a worker that takes what is first in the queue."""

from sqlalchemy import insert

from storage import deliveries, queue
from storage.database import UnitOfWork, one
from storage.query import Query, param
from storage.tables import lists
from storage.tables.mail import Packet
from storage.tables.words import DeliveryKind

ROBOT = Query(
    insert(lists.robots).values(domain=param("domain"), created_at=1).returning(lists.robots.c.id), int
)
LIST = Query(
    insert(lists.lists)
    .values(robot_id=param("robot_id"), name=param("name"), created_at=1, updated_at=1)
    .returning(lists.lists.c.id),
    int,
)
MEMBER = Query(
    insert(lists.memberships).values(
        list_id=param("list_id"),
        address=param("address"),
        address_key=param("address"),
        domain=param("domain"),
        reception=param("reception"),
        suspended_from=param("since"),
        suspended_until=param("until"),
        subscribed_at=1,
        updated_at=1,
    ),
    int,
)


def member(
    list_id: int,
    n: int,
    *,
    domain: str = "",
    reception: str = "mail",
    since: int | None = None,
    until: int | None = None,
) -> dict[str, object]:
    domain = domain or f"d{n % 7}.example"
    return {
        "list_id": list_id,
        "address": f"m{n:04}@{domain}",
        "domain": domain,
        "reception": reception,
        "since": since,
        "until": until,
    }


async def a_list(uow: UnitOfWork, members: int = 0) -> tuple[int, int]:
    robot_id = await one(uow, ROBOT, domain="lists.example")
    list_id = await one(uow, LIST, robot_id=robot_id, name="l")
    await uow.run_many(MEMBER, [member(list_id, n) for n in range(members)])
    return robot_id, list_id


async def a_delivery(uow: UnitOfWork, robot_id: int, list_id: int, *, priority: int = 5) -> int:
    return await deliveries.create(
        uow,
        robot_id=robot_id,
        list_id=list_id,
        message_id=None,
        kind=DeliveryKind.POST,
        internet_message_id="<1@x>",
        subject="s",
        outgoing=b"a: b\r\n\r\nc\r\n",
        reverse_path="l-owner@lists.example",
        personalization="never",
        priority=priority,
    )


async def lease(uow: UnitOfWork, worker: str, *, limit: int, leased_until: int) -> list[Packet]:
    """Up to `limit` packets of the delivery that is first in the queue now, leased until then."""
    for first in await queue.waiting(uow):
        found = await queue.lease(uow, first, worker, limit=limit, leased_until=leased_until)
        if found:
            return found
    return []
