"""Changes to lists and to the offices on them."""

from typing import Annotated, Any

from identity.refusal import NotFound
from lists import mailing_lists, roles
from lists.kinds import settings_of_kind
from lists.rights import list_here
from lists.settings import BadSetting
from resolvers.context import Info
from resolvers.idempotency import idempotent
from resolvers.ids import global_id, key_of
from resolvers.payloads import Payload, refusable, scoped
from schema.inputs.common import Everything, given
from schema.inputs.lists import (
    MailingListCloseInput,
    MailingListCreateInput,
    MailingListOpenInput,
    MailingListSettingsInput,
    MailingListUpdateInput,
    RoleGrantInput,
    RoleRevokeInput,
)
from storage.database import UnitOfWork
from storage.tables.words import TokenScope

# Members of the settings input that are named otherwise than the domain's settings.
_MEMBERS = {"priority": "delivery_priority"}


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def mailing_list_create(
    info: Info, uow: UnitOfWork, input: Annotated[MailingListCreateInput, Everything]
) -> Payload:
    """Make a list, or ask for one where a listmaster has to agree."""
    actor = info.context.actor
    if key_of(info.context, input.robot_id, "Robot") != actor.robot.id:
        raise NotFound(path=("robot_id",))
    settings = {**settings_of_kind(given(input.template) or "discussion"), **_changes(given(input.settings))}
    settings.pop("subject", None)
    try:
        mlist = await mailing_lists.create_list(
            uow, actor, actor.robot, input.name, input.subject, settings, given(input.owners) or ()
        )
    except BadSetting as bad:
        raise _in_api_words(bad) from bad
    return Payload(mailing_list=mlist)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def mailing_list_update(
    info: Info, uow: UnitOfWork, input: Annotated[MailingListUpdateInput, Everything]
) -> Payload:
    """Change a list's settings."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    since = given(input.if_unmodified_since)
    try:
        changed = await mailing_lists.update_settings(uow, actor, mlist, _changes(input.settings), since)
    except BadSetting as bad:
        raise _in_api_words(bad) from bad
    return Payload(mailing_list=changed)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def mailing_list_close(
    info: Info, uow: UnitOfWork, input: Annotated[MailingListCloseInput, Everything]
) -> Payload:
    """Shut a list."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    return Payload(mailing_list=await mailing_lists.close_list(uow, actor, mlist))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def mailing_list_open(
    info: Info, uow: UnitOfWork, input: Annotated[MailingListOpenInput, Everything]
) -> Payload:
    """Open a list again."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    return Payload(mailing_list=await mailing_lists.open_list(uow, actor, mlist))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def role_grant(info: Info, uow: UnitOfWork, input: Annotated[RoleGrantInput, Everything]) -> Payload:
    """Give somebody an office on a list."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    return Payload(role=await roles.grant(uow, actor, mlist, input.email, input.kind.value))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def role_revoke(info: Info, uow: UnitOfWork, input: Annotated[RoleRevokeInput, Everything]) -> Payload:
    """End an office."""
    key = key_of(info.context, input.role_id, "Role")
    role = await roles.revoke(uow, info.context.actor, key)
    return Payload(revoked_id=global_id(info.context, "Role", role.id))


def _changes(settings: MailingListSettingsInput | None) -> dict[str, object]:
    """The input's members as settings by the domain's names; what the client left out is left out."""
    if settings is None:
        return {}
    members: dict[str, Any] = {
        "subject": settings.subject,
        "description": settings.description,
        "language": settings.language,
        "message_size_limit": settings.message_size_limit,
        "documents_quota": settings.documents_quota,
        "document_size_limit": settings.document_size_limit,
        "strict_main_address": settings.strict_main_address,
        "alt_email_policy": settings.alt_email_policy,
        "custom_vars": settings.custom_vars,
        "topics": _names(settings.topics),
        "subject_tag": settings.subject_tag,
        "dkim_sign_posts": _names(settings.dkim_sign_posts),
        "tells_peers": _word(settings.tells_peers),
        "reply_to_list": settings.reply_to_list,
        "header": settings.header,
        "footer": settings.footer,
        "footer_html": settings.footer_html,
        "merge": _word(settings.merge),
        "dmarc_protection": _word(settings.dmarc_protection),
        "dmarc_policies": _names(settings.dmarc_policies),
        "dmarc_exempt_domains": _names(settings.dmarc_exempt_domains),
        "bounce_warn_score": settings.bounce_warn_score,
        "bounce_suspend_score": settings.bounce_suspend_score,
        "bounce_decay_days": settings.bounce_decay_days,
        "bounce_probe": settings.bounce_probe,
        "bounce_probe_days": settings.bounce_probe_days,
        "bounce_complaint": _word(settings.bounce_complaint),
        "bounce_digest": _word(settings.bounce_digest),
        "most_posts_per_hour": settings.most_posts_per_hour,
        "most_posts_per_author_per_hour": settings.most_posts_per_author_per_hour,
        "priority": _word(settings.delivery_priority),
        "personalization": _word(settings.personalization),
        "verp_every": settings.verp_every,
        "visibility": _word(settings.visibility),
    }
    found = {name: value for name, value in members.items() if given(value, ...) is not ...}
    scenarios = given(settings.scenarios) or ()
    return {**found, **{each.action.value: each.scenario for each in scenarios}}


def _names(given_names: Any) -> Any:
    """A list of names as the text of a setting."""
    return ", ".join(given_names) if isinstance(given_names, list) else given_names


def _word(member: Any) -> Any:
    """The domain's word for an enum's member; what was left out, or is null, stays as it is."""
    value = getattr(member, "value", member)
    return getattr(value, "value", value)


def _in_api_words(bad: BadSetting) -> BadSetting:
    names = [_MEMBERS.get(name, name) for name in bad.path or ()]
    known = MailingListSettingsInput.__annotations__
    path = [name if name in known else "scenarios" for name in names]
    return BadSetting(bad.message, path=("settings", *path))
