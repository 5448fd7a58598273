"""Which keys sign a delivery: its list's own or its domain's, as far as the list's policy and the domain's settings go."""

import structlog

from delivery.signing.arc import Seal
from delivery.signing.keys import SigningKey
from delivery.signing.sealing import KeyUnreadable, opened_key
from delivery.signing.signer import Signer
from lists.dkim_settings import is_signed
from storage import deliveries, dkim_keys, lists, robots
from storage.database import Reader
from storage.tables.lists import Robot
from storage.tables.mail import Delivery
from storage.tables.signing import DkimKey
from storage.tables.words import DeliveryKind

log = structlog.get_logger(__name__)


async def signer_for(reader: Reader, delivery: Delivery, head: bytes) -> Signer | None:
    """What signs and seals a delivery whose constant header fields are `head`; None where nothing does.

    Which keys are active is read each time, so that a rotated key is used from the next delivery on. A key that cannot
    be opened is logged, and the mail leaves without its signature: `postroom doctor` says so, too.
    """
    if not head:
        return None
    rows = await dkim_keys.signing(reader, delivery.robot_id, delivery.list_id)
    robot = await robots.by_id(reader, delivery.robot_id) if rows else None
    if robot is None:
        return None
    own, domains = _opened(reader, robot, rows)
    signs = await _wants_signature(reader, delivery, robot)
    seal = await _seal(reader, delivery, robot, [*own, *domains])
    chosen = tuple(own or domains) if signs else ()
    return Signer(chosen, reader.site.clock, seal) if chosen or seal else None


def _opened(reader: Reader, robot: Robot, rows: list[DkimKey]) -> tuple[list[SigningKey], list[SigningKey]]:
    """The list's own keys, and its domain's; RSA first, which every verifier knows."""
    own: list[SigningKey] = []
    domains: list[SigningKey] = []
    for row in rows:
        try:
            private = opened_key(reader.site, robot.id, row.private_key)
        except KeyUnreadable:
            log.error("dkim_key_unreadable", domain=robot.domain, selector=row.selector)  # noqa: TRY400 - no secret in the log
            continue
        (domains if row.list_id is None else own).append(SigningKey(robot.domain, row.selector, private))
    for found in (own, domains):
        found.sort(key=lambda each: not each.is_rsa)
    return own, domains


async def _wants_signature(reader: Reader, delivery: Delivery, robot: Robot) -> bool:
    if delivery.kind is not DeliveryKind.POST or delivery.list_id is None:
        return robot.dkim_sign_services
    mlist = await lists.by_id(reader, delivery.list_id)
    return mlist is not None and is_signed(mlist.dkim_sign_posts, delivery.proofs)


async def _seal(reader: Reader, delivery: Delivery, robot: Robot, keys: list[SigningKey]) -> Seal | None:
    key = next((each for each in keys if each.is_rsa), None)
    if key is None or not robot.arc_seal:
        return None
    results = await deliveries.authentication_results(reader, delivery.id)
    return Seal(key, results) if results else None
