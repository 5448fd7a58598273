"""Changes to a robot, for its listmasters."""

from typing import Annotated, Any

from identity.refusal import NotFound
from lists.decisions import READS_KEPT, REFUSALS_KEPT
from lists.robot_settings import update_robot
from lists.settings import BadSetting
from resolvers.context import Info
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.payloads import Payload, refusable, scoped
from schema.inputs.common import Everything, given
from schema.inputs.robots import RobotSettingsInput, RobotUpdateInput
from storage.database import UnitOfWork
from storage.tables.words import TokenScope


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def robot_update(
    info: Info, uow: UnitOfWork, input: Annotated[RobotUpdateInput, Everything]
) -> Payload:
    """Change a robot's settings."""
    actor = info.context.actor
    if key_of(info.context, input.robot_id, "Robot") != actor.robot.id:
        raise NotFound(path=("robot_id",))
    try:
        changed = await update_robot(uow, actor, actor.robot, _changes(input.settings))
    except BadSetting as bad:
        names = [
            name if name in RobotSettingsInput.__annotations__ else "scenarios" for name in bad.path or ()
        ]
        raise BadSetting(bad.message, path=("settings", *names)) from bad
    return Payload(robot=changed)


def _changes(settings: RobotSettingsInput) -> dict[str, object]:
    """The input's members as settings by the domain's names; what the client left out is left out."""
    blocked = given(settings.blocklist_operations)
    domains = given(settings.subaddress_domains)
    kept = given(settings.are_readings_kept)
    sealers = given(settings.trusted_sealers)
    members: dict[str, Any] = {
        "listmasters_are_owners": given(settings.listmasters_are_owners),
        "dkim_method": _word(given(settings.dkim_method)),
        "dkim_sign_services": given(settings.dkim_sign_services),
        "arc_seal": given(settings.arc_seal),
        "dkim_confirms": given(settings.dkim_confirms),
        "trusted_sealers": None if sealers is None else " ".join(sealers),
        "federation_outgoing": _word(given(settings.federation_outgoing)),
        "federation_incoming": _word(given(settings.federation_incoming)),
        "federation_acts": given(settings.federation_acts),
        "scenario_dialect": _word(given(settings.scenario_dialect)),
        "decisions_of_reads": None if kept is None else READS_KEPT if kept else REFUSALS_KEPT,
        "blocklist_operations": None if blocked is None else " ".join(each.value for each in blocked),
        "subaddress_domains": None if domains is None else " ".join(domains),
    }
    found = {name: value for name, value in members.items() if value is not None}
    scenarios = given(settings.scenarios) or ()
    return {**found, **{each.action.value: each.scenario for each in scenarios}}


def _word(member: Any) -> Any:
    return getattr(member, "value", member)
