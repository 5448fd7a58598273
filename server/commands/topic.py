"""`postroom topic`: the branches by which the directory of a domain is ordered."""

from typing import Annotated

import typer

from lists import topics
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, opened, robot_named
from storage.tables.topics import Topic

Name = Annotated[str, typer.Argument(help="Its name, such as science or science/physics.")]
OfRobot = Annotated[str | None, typer.Option("--robot", help="The domain that it is in.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Topics of the directory.")
    subject.command("list")(every)
    subject.command("set")(write)
    subject.command("remove")(remove)
    app.add_typer(subject, name="topic")


def every(robot: OfRobot = None, *, who: As = None, as_json: AsJson = False) -> None:
    """Name the topics of a domain, each after the one that it lies under."""
    found = finish(_every(robot, who))
    rows = [(topic.name, topic.title, topic.visibility or "-") for topic in found]
    tell({"topics": [_shown(topic) for topic in found]}, table(rows), as_json=as_json)


async def _every(domain: str | None, who: str | None) -> list[Topic]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        return await topics.visible_topics(reader, await caller(reader, robot, who), robot)


def write(
    name: Name,
    title: Annotated[str | None, typer.Option(help="What it is called; its name where left out.")] = None,
    visibility: Annotated[
        str | None,
        typer.Option(help="The scenario that says who sees it, such as identified; empty for the domain's."),
    ] = None,
    robot: OfRobot = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Make a topic, or change it; what is left out stays."""
    topic = finish(_write(name, title, visibility, robot, who))
    tell(_shown(topic), f"Topic {topic.name} is there.", as_json=as_json)


async def _write(
    name: str, title: str | None, visibility: str | None, domain: str | None, who: str | None
) -> Topic:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        actor = await caller(uow, robot, who)
        return await topics.set_topic(uow, actor, robot, name, title, visibility)


def remove(name: Name, robot: OfRobot = None, *, who: As = None, as_json: AsJson = False) -> None:
    """Take a topic away, off its lists too."""
    finish(_remove(name, robot, who))
    tell({"removed": name}, f"Topic {name} is gone.", as_json=as_json)


async def _remove(name: str, domain: str | None, who: str | None) -> None:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        await topics.remove_topic(uow, await caller(uow, robot, who), robot, name)


def _shown(topic: Topic) -> dict[str, str | None]:
    return {"name": topic.name, "title": topic.title, "visibility": topic.visibility or None}
