"""Second factors and recovery codes as rows, each proof of them used up by one UPDATE."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, or_, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, columns_for, param, query_for
from storage.tables.second_factors import FactorKind, SecondFactor, recovery_codes, second_factors

_ROW = columns_for(SecondFactor, second_factors)
_MINE = second_factors.c.person_id == param("person_id")

_OF_PERSON = query_for(
    SecondFactor,
    second_factors,
    where=lambda s: s.where(
        _MINE, or_(second_factors.c.robot_id.is_(None), second_factors.c.robot_id == param("robot_id"))
    ).order_by(second_factors.c.id),
)
_ADD = Query(
    insert(second_factors)
    .values(
        person_id=param("person_id"),
        robot_id=param("robot_id"),
        kind=param("kind"),
        label=param("label"),
        secret=param("secret"),
        credential=param("credential"),
        host=param("host"),
        latest=param("latest"),
        created_at=param("now"),
    )
    .returning(*_ROW),
    SecondFactor,
)
_USED = Query(
    update(second_factors)
    .where(second_factors.c.id == param("id"), second_factors.c.latest < param("latest"))
    .values(latest=param("latest"), last_used_at=param("now")),
    int,
)
_USED_UNCOUNTED = Query(
    update(second_factors)
    .where(second_factors.c.id == param("id"), second_factors.c.latest == 0)
    .values(last_used_at=param("now")),
    int,
)
_DROP = Query(delete(second_factors).where(second_factors.c.id == param("id"), _MINE), int)
_DROP_ALL = Query(delete(second_factors).where(_MINE), int)
_DROP_CODES = Query(delete(recovery_codes).where(recovery_codes.c.person_id == param("person_id")), int)
_ADD_CODE = Query(
    insert(recovery_codes).values(
        person_id=param("person_id"),
        number=param("number"),
        code_hash=param("code_hash"),
        created_at=param("now"),
    ),
    int,
)
_USE_CODE = Query(
    update(recovery_codes)
    .where(
        recovery_codes.c.person_id == param("person_id"),
        recovery_codes.c.code_hash == param("code_hash"),
        recovery_codes.c.used_at.is_(None),
    )
    .values(used_at=param("now")),
    int,
)
_CODES_LEFT = Query(
    select(func.count())
    .select_from(recovery_codes)
    .where(recovery_codes.c.person_id == param("person_id"), recovery_codes.c.used_at.is_(None)),
    int,
)


async def of_person(reader: Reader, person_id: int, robot_id: int) -> list[SecondFactor]:
    """A person's authenticators and passkeys that count in a robot, oldest first."""
    return await reader.all(_OF_PERSON, person_id=person_id, robot_id=robot_id)


async def add(
    uow: UnitOfWork,
    *,
    person_id: int,
    kind: FactorKind,
    label: str,
    secret: str,
    robot_id: int | None = None,
    credential: str = "",
    host: str = "",
    latest: int = 0,
) -> SecondFactor:
    """Keep another one; with `robot_id` it counts in that robot alone."""
    return await one(
        uow,
        _ADD,
        person_id=person_id,
        robot_id=robot_id,
        kind=kind,
        label=label,
        secret=secret,
        credential=credential,
        host=host,
        latest=latest,
        now=uow.now,
    )


async def used(uow: UnitOfWork, factor_id: int, latest: int) -> bool:
    """Note a use under this step or count; False when it, or a later one, was used before.

    A passkey that counts nothing has 0 each time.
    """
    if latest == 0:
        return await uow.run(_USED_UNCOUNTED, id=factor_id, now=uow.now) > 0
    return await uow.run(_USED, id=factor_id, latest=latest, now=uow.now) > 0


async def drop(uow: UnitOfWork, person_id: int, factor_id: int) -> int:
    """Take one away; how many there were."""
    return await uow.run(_DROP, id=factor_id, person_id=person_id)


async def drop_codes(uow: UnitOfWork, person_id: int) -> None:
    """Take the recovery codes away."""
    await uow.run(_DROP_CODES, person_id=person_id)


async def drop_all(uow: UnitOfWork, person_id: int) -> int:
    """Take all away, and the recovery codes; how many factors there were."""
    await drop_codes(uow, person_id)
    return await uow.run(_DROP_ALL, person_id=person_id)


async def put_codes(uow: UnitOfWork, person_id: int, hashes: Sequence[str]) -> None:
    """Let these be the person's recovery codes, instead of any before."""
    await uow.run(_DROP_CODES, person_id=person_id)
    for number, code_hash in enumerate(hashes):
        await uow.run(_ADD_CODE, person_id=person_id, number=number, code_hash=code_hash, now=uow.now)


async def use_code(uow: UnitOfWork, person_id: int, code_hash: str) -> bool:
    """Use a recovery code up; False when it is none of theirs, or was used."""
    return await uow.run(_USE_CODE, person_id=person_id, code_hash=code_hash, now=uow.now) > 0


async def codes_left(reader: Reader, person_id: int) -> int:
    """How many recovery codes are unused."""
    return await reader.first(_CODES_LEFT, person_id=person_id) or 0
