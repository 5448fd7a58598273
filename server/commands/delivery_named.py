"""A delivery by the number that was typed, and who acts on it."""

from typing import Annotated

import typer

from delivery import oversight
from identity.actor import Actor
from identity.refusal import NotFound
from server.commands.shell import caller
from storage import deliveries, robots
from storage.database import Reader
from storage.tables.mail import Delivery

Number = Annotated[int, typer.Argument(help="The delivery's number, as `delivery list` shows it.")]


class NoSuchDelivery(NotFound):
    """There is no delivery of this number."""


async def found_delivery(reader: Reader, number: int, who: str | None) -> tuple[Actor, Delivery]:
    """Who acts, and the delivery; raises NoSuchDelivery, also where they may not see it."""
    delivery = await deliveries.find(reader, number)
    robot = None if delivery is None else await robots.by_id(reader, delivery.robot_id)
    if delivery is None or robot is None:
        raise NoSuchDelivery
    actor = await caller(reader, robot, who)
    if not actor.is_operator:
        await oversight.seen(reader, actor, number)
    return actor, delivery
