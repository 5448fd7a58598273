"""Two domains with a list each, and keys for them."""

from dataclasses import dataclass

from delivery.signing import keeping
from delivery.signing.published import Check, Publication
from identity.actor import Actor, founder, operator
from lists.mailing_lists import create_list
from lists.robots import create_robot
from storage import deliveries
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import Delivery
from storage.tables.signing import Algorithm, DkimKey
from storage.tables.words import DeliveryKind
from tests.delivery.signing.verifying import key as generated

PUBLISHED = Check(Publication.PUBLISHED, "It is there.")
ABSENT = Check(Publication.ABSENT, "There is no TXT record at x.")


@dataclass
class Domain:
    """A robot with one list, and the operator in it."""

    database: Database
    robot: Robot
    mlist: MailingList

    @property
    def actor(self) -> Actor:
        return operator(self.robot)

    async def key(
        self,
        *,
        of_list: bool = False,
        algorithm: Algorithm = Algorithm.RSA2048,
        selector: str = "",
        is_active: bool = True,
    ) -> DkimKey:
        """A key, put to use where `is_active`."""
        async with self.database.write() as uow:
            made = await keeping.create_key(
                uow,
                self.actor,
                self.robot,
                self.mlist if of_list else None,
                generated(algorithm).private,
                selector,
            )
            if is_active:
                made = await keeping.activate_key(uow, self.actor, self.robot, made.id, PUBLISHED)
            return made

    async def delivery(
        self,
        *,
        kind: DeliveryKind = DeliveryKind.POST,
        has_list: bool = True,
        authentication_results: str = "",
        proofs: str = "smtp",
    ) -> Delivery:
        """A delivery on its way."""
        async with self.database.write() as uow:
            delivery_id = await deliveries.create(
                uow,
                robot_id=self.robot.id,
                list_id=self.mlist.id if has_list else None,
                kind=kind,
                internet_message_id="<1@example.edu>",
                subject="x",
                outgoing=b"From: a@example.edu\r\n\r\nhi\r\n",
                reverse_path="",
                priority=5,
                authentication_results=authentication_results,
                proofs=proofs,
            )
            found = await deliveries.find(uow, delivery_id)
            assert found is not None
            return found


async def a_domain(database: Database, domain: str = "lists.example.org", **settings: str) -> Domain:
    """A domain with a list `talk`."""
    async with database.write() as uow:
        robot = await create_robot(uow, founder(), domain, domain)
        mlist = await create_list(
            uow, operator(robot), robot, "talk", "Talk", settings, owners=["carol@example.edu"]
        )
    return Domain(database, robot, mlist)
