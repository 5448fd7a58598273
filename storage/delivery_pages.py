"""Pages of deliveries and of the recipients whose answer was not a plain yes, found by the last row seen."""

from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.sql import Select

from storage.database import Reader
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.query import Query, any_of, columns_for, param
from storage.tables.mail import Delivery, ExceptionalRecipient, deliveries, recipients
from storage.tables.words import DeliveryKind, DeliveryStatus, RecipientState

Outline = tuple[bool, bool]


def _narrowed(statement: Select[Any], outline: Outline) -> Select[Any]:
    since, until = outline
    statement = statement.where(
        deliveries.c.list_id == param("list_id"),
        deliveries.c.kind == DeliveryKind.POST.value,
        any_of(deliveries.c.status, "statuses"),
    )
    if since:
        statement = statement.where(deliveries.c.created_at >= param("since"))
    return statement.where(deliveries.c.created_at < param("until")) if until else statement


@cache
def _of_list(shape: Shape, outline: Outline) -> Query[Delivery]:
    statement = _narrowed(select(*columns_for(Delivery, deliveries)), outline)
    return Query(
        windowed(statement, deliveries.c.created_at, deliveries.c.id, descending=True, shape=shape), Delivery
    )


async def of_list(
    reader: Reader,
    list_id: int,
    window: Window,
    *,
    statuses: tuple[DeliveryStatus, ...] = tuple(DeliveryStatus),
    since: int | None = None,
    until: int | None = None,
) -> Page[Delivery]:
    """A page of a list's posts on their way, newest first; places are (created_at, id), bounds are instants."""
    params: dict[str, Any] = {"list_id": list_id, "statuses": [each.value for each in statuses]}
    if since is not None:
        params["since"] = since
    if until is not None:
        params["until"] = until
    return await fetch(
        reader, _of_list(window.shape, (since is not None, until is not None)), window, **params
    )


@cache
def _of_delivery(shape: Shape) -> Query[ExceptionalRecipient]:
    statement: Select[Any] = select(*columns_for(ExceptionalRecipient, recipients)).where(
        recipients.c.delivery_id == param("delivery_id"), any_of(recipients.c.state, "states")
    )
    return Query(
        windowed(statement, recipients.c.address, recipients.c.id, descending=False, shape=shape),
        ExceptionalRecipient,
    )


async def recipients_of(
    reader: Reader,
    delivery_id: int,
    window: Window,
    *,
    states: tuple[RecipientState, ...] = tuple(RecipientState),
) -> Page[ExceptionalRecipient]:
    """A page of a delivery's recipients whose answer was not a plain yes, by address; places are (address, id)."""
    return await fetch(
        reader,
        _of_delivery(window.shape),
        window,
        delivery_id=delivery_id,
        states=[each.value for each in states],
    )
