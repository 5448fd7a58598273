"""A picture of who is connected: this server in the middle, the others around it, a line for each that asks or is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from playground.pages import render
from server.html import Markup

_RADIUS = 190
_ROOM = 260
_HALF = 60


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another server: whether it is asked and answered, and how it does (`well`, `ill`, `unknown`)."""

    name: str
    is_asked: bool
    is_answered: bool
    health: str


def picture(own: str, neighbours: Sequence[Neighbour]) -> Markup:
    """An SVG without any style of its own: the page's style sheet colours it for light and dark."""
    radius = max(_RADIUS, 14 * len(neighbours))
    half = radius + _HALF
    width = half + _ROOM
    lines, nodes = [], []
    for number, each in enumerate(neighbours):
        angle = 2 * math.pi * number / len(neighbours) - math.pi / 2
        x, y = round(radius * math.cos(angle)), round(radius * math.sin(angle))
        if each.is_asked or each.is_answered:
            lines.append(_line(each, x, y))
        nodes.append(_node(each, x, y))
    return render(
        "peer_picture",
        view=f"{-width} {-half} {2 * width} {2 * half}",
        own=own,
        said=_said(neighbours),
        lines=Markup("\n".join(lines)),
        nodes=Markup("\n".join(nodes)),
    )


def _line(each: Neighbour, x: int, y: int) -> Markup:
    outgoing = Markup(' marker-end="url(#points)"') if each.is_asked else Markup("")
    incoming = Markup(' marker-start="url(#points)"') if each.is_answered else Markup("")
    # The ends stay clear of the dots.
    return render(
        "peer_line",
        health=each.health,
        x1=str(round(x * 0.13)),
        y1=str(round(y * 0.13)),
        x2=str(round(x * 0.9)),
        y2=str(round(y * 0.9)),
        markers=Markup(outgoing + incoming),
    )


def _node(each: Neighbour, x: int, y: int) -> Markup:
    side = "start" if x >= 0 else "end"
    away = 16 if x >= 0 else -16
    return render(
        "peer_node",
        health=each.health,
        x=str(x),
        y=str(y),
        tx=str(x + away),
        ty=str(y + 5),
        side=side,
        name=each.name,
    )


def _said(neighbours: Sequence[Neighbour]) -> str:
    asked = sum(each.is_asked for each in neighbours)
    answered = sum(each.is_answered for each in neighbours)
    ill = sum(each.health == "ill" for each in neighbours)
    return (
        f"{len(neighbours)} servers are known: {asked} are asked, {answered} may ask, {ill} are in trouble."
    )
