"""The tokens that peers gave for an address when its person agreed there, as rows; they are sealed by whoever gives them."""

from sqlalchemy import select

from storage.database import Reader, UnitOfWork
from storage.query import Query, param
from storage.tables.federation_consents import federation_tokens

_OF_PERSON: Query[tuple[int, str, str]] = Query(
    select(federation_tokens.c.peer_id, federation_tokens.c.address_key, federation_tokens.c.secret)
    .where(federation_tokens.c.person_id == param("person_id"))
    .order_by(federation_tokens.c.id),
    lambda peer_id, key, secret: (peer_id, key, secret),
)
_PUT = Query(
    lambda insert: (
        insert(federation_tokens)
        .values(
            person_id=param("person_id"),
            peer_id=param("peer_id"),
            address_key=param("address_key"),
            secret=param("secret"),
            created_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["person_id", "peer_id", "address_key"],
            set_={"secret": param("secret"), "created_at": param("now")},
        )
    ),
    int,
)


async def of_person(reader: Reader, person_id: int) -> list[tuple[int, str, str]]:
    """Somebody's tokens: the peer's number, the key of the address, the token, sealed."""
    return await reader.all(_OF_PERSON, person_id=person_id)


async def put(uow: UnitOfWork, *, person_id: int, peer_id: int, address_key: str, secret: str) -> None:
    """Keep a token, instead of the one before."""
    await uow.run(
        _PUT, person_id=person_id, peer_id=peer_id, address_key=address_key, secret=secret, now=uow.now
    )
