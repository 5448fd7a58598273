"""Every setting of a robot by its name: how its text is read, written, and what it means, for all ways of setting it."""

from collections.abc import Mapping
from typing import Any

from identity.actor import Actor
from identity.standing import require_fresh
from lists.decisions import READS_KEPT, REFUSALS_KEPT
from lists.dmarc_settings import read_domains as read_sealers
from lists.offices import require_listmaster
from lists.robots import OperatorOnly
from lists.setting_scenarios import require_scenarios
from lists.settings import Setting, parsed, policy, show_switch, switch
from lists.subaddresses import read_domains
from scenarios.dialect import Dialect
from scenarios.operations import OPERATIONS, canonical_operation
from storage import audit, robots
from storage.database import UnitOfWork
from storage.tables.lists import Robot
from storage.tables.words import ConsentMode, Incoming

OWN_METHOD, AS_SMTP = "own", "as_smtp"
_FOR_OPERATORS = "listmasters_are_owners"


def _one_of(*words: str) -> Any:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse


def _operations(text: str) -> str:
    names = sorted({canonical_operation(name) for name in text.replace(",", " ").split()})
    unknown = [name for name in names if name not in OPERATIONS]
    if unknown:
        raise ValueError(f"names of operations ({', '.join(OPERATIONS)})")
    return " ".join(names)


_ALL = (
    Setting(
        "listmasters_are_owners",
        True,
        switch,
        show_switch,
        "Whether listmasters count as owners of every list; if not, they run the domain and no list.",
    ),
    policy("create_list", "listmaster", "Who may make lists, at once or after a listmaster's yes."),
    policy("move_user", "auth", "Who may change an address on all lists of the domain."),
    policy(
        "topics_visibility",
        "noconceal",
        "Who sees a topic of the directory, where the topic has no rule of its own.",
    ),
    policy("automatic_list_creation", "listmaster", "Whose mail may bring lists into being by itself."),
    policy("family_signoff", "auth", "Who may leave all lists of a family at once."),
    policy("global_remind", "listmaster", "Who may remind everybody of all their subscriptions."),
    policy("spam_status", "x-spam-status", "What tells ham from spam in messages that come in."),
    Setting(
        "dkim_method",
        OWN_METHOD,
        _one_of(OWN_METHOD, AS_SMTP),
        str,
        "Whether a signed message is asked about as dkim (own), or as smtp, as Sympa does since 6.2.71 (as_smtp).",
    ),
    Setting(
        "scenario_dialect",
        Dialect.POSTROOM.value,
        _one_of(*(each.value for each in Dialect)),
        str,
        "Whether scenarios decide as written for Postroom, or exactly as Sympa 6.2 would decide (sympa).",
    ),
    Setting(
        "blocklist_operations",
        "",
        _operations,
        str,
        "The operations that refuse whoever stands in blocklist.txt, such as send subscribe.",
    ),
    Setting(
        "subaddress_domains",
        "",
        read_domains,
        str,
        "Domains at which user+topic is user, as univ.example=+; domain=off takes one of the known providers out, off all.",
    ),
    Setting(
        "decisions_of_reads",
        READS_KEPT,
        _one_of(READS_KEPT, REFUSALS_KEPT),
        str,
        "Which decisions about reading are kept for explaining: all of them, or refused ones only, so that nobody can look up who read what.",
    ),
    Setting(
        "dkim_sign_services",
        True,
        switch,
        show_switch,
        "Whether the server's own mails of this domain are signed (DKIM), once the domain has a key.",
    ),
    Setting(
        "arc_seal",
        True,
        switch,
        show_switch,
        "Whether posts that came by mail are sealed with what was found out about them (ARC); takes an RSA key.",
    ),
    Setting(
        "dkim_confirms",
        False,
        switch,
        show_switch,
        "Whether mail to a list that an address demonstrably wrote (DKIM of its own domain, S/MIME) lets it count for a year more.",
    ),
    Setting(
        "trusted_sealers",
        "",
        read_sealers,
        str,
        "Domains of forwarders whose ARC seal is believed: what they found out about a message counts as its DMARC result.",
    ),
    Setting(
        "federation_outgoing",
        ConsentMode.ALL_TRUSTED.value,
        _one_of(*(each.value for each in ConsentMode)),
        str,
        "The most that people may allow when their addresses are named to other list servers: nobody, selected ones, all_trusted.",
    ),
    Setting(
        "federation_incoming",
        Incoming.ASK.value,
        _one_of(*(each.value for each in Incoming)),
        str,
        "What other list servers are told: never anything; else what people agreed to, and of addresses without an account "
        "what their mail's reader allowed (ask), or all to those whose verification is accepted (all_trusted).",
    ),
    Setting(
        "federation_acts",
        False,
        switch,
        show_switch,
        "Whether members may leave and pause through other list servers that are allowed to do so.",
    ),
)
ROBOT_SETTINGS: Mapping[str, Setting] = {each.name: each for each in _ALL}


def parse_robot_settings(given: Mapping[str, object]) -> dict[str, Any]:
    """Texts (or plain booleans) as stored values; raises BadSetting."""
    return {name: parsed(ROBOT_SETTINGS, name, value) for name, value in given.items()}


def robot_defaults() -> dict[str, Any]:
    """The values of a new robot's settings, by column."""
    return {each.name: each.default for each in _ALL}


def shown_of_robot(robot: Robot) -> dict[str, str]:
    """A robot's settings as the texts that set them."""
    return {name: ROBOT_SETTINGS[name].show(value) for name, value in robots.values_of(robot).items()}


async def update_robot(uow: UnitOfWork, actor: Actor, robot: Robot, changes: Mapping[str, object]) -> Robot:
    """Change settings given as texts by name; for listmasters and the operator. What is left out stays.

    What listmasters are is for the operator alone to say (row 85). Raises ListmastersOnly, OperatorOnly, BadSetting, SignInIsOld.
    """
    await require_listmaster(uow, actor, robot.id)
    require_fresh(actor, uow.now)
    values = parse_robot_settings(changes)
    if (
        not actor.is_operator
        and values.get(_FOR_OPERATORS, robot.listmasters_are_owners) != robot.listmasters_are_owners
    ):
        raise OperatorOnly(path=(_FOR_OPERATORS,))
    await require_scenarios(uow, values, robot_id=robot.id, settings=ROBOT_SETTINGS)
    before = robots.values_of(robot)
    changed = await robots.change(uow, robot, values)
    await audit.record(
        uow,
        "robot_settings_changed",
        actor=actor.sender,
        via=actor.via,
        robot_id=robot.id,
        detail={name: [before[name], value] for name, value in values.items() if before[name] != value},
    )
    return changed
