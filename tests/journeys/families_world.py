"""A family of lists in the world of the journeys, and what is asked about it."""

from typing import Any

from identity.actor import operator
from lists import families
from storage import lists
from storage.tables.families import Family
from storage.tables.lists import MailingList
from tests.journeys.hostile_world import Hostile

DEFINITION = """
name: courses
description: One list for each course and year
parameters:
  dept: {label: Department, pattern: "[a-z]{2,12}[0-9]{0,3}"}
  year: {allowed: [year1, year2], default: year1}
address: family+{dept}+{year}
template:
  subject: "{dept}, {year}"
  send: public
  visibility: noconceal
  subscribe: open
  owners: ["{dept}-secretary@example.edu"]
  members: [alice@example.edu]
constraints:
  send: [public, private]
  review: private
idle_lifetime: P30D
most_lists: 30
"""
ENTRY = """query ($a: EmailAddress!) { mailingList(address: $a) { id subject status family { id name constraints { setting
  allowedValues } } settings { scenarios { action scenario { name } } } owners(first: 9) { edges { node { email } } } } }"""
FAMILIES = """{ viewer { robot { id permissions { canManageFamilies } families(first: 9) { edges { node { id name address
  parameters { name label isRequired default allowed } constraints { setting allowedValues }
  mailingLists(first: 50) { edges { node { name } } } } } } } } }"""
REPORT = "report { created updated closed unchanged failed changes { name kind details } problems { line code message } }"


async def defined(hostile: Hostile, more: str = "", text: str = DEFINITION) -> Family:
    """The family, defined by the operator."""
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        return await families.define(uow, operator(robot), robot, text + more)


async def families_of(hostile: Hostile, token: str | None) -> list[dict[str, Any]]:
    """The families that somebody sees."""
    found = (await hostile.ask(FAMILIES, token))["data"]["viewer"]["robot"]["families"]
    return [edge["node"] for edge in found["edges"]]


def instance(dept: str, year: str = "year1") -> dict[str, Any]:
    """An entry of data."""
    return {"parameters": [{"name": "dept", "value": dept}, {"name": "year", "value": year}]}


async def made(hostile: Hostile, name: str) -> MailingList | None:
    """A list as it is stored, whoever may see it."""
    async with hostile.world.db.read() as reader:
        return await lists.find(reader, name, hostile.world.robot.domain)
