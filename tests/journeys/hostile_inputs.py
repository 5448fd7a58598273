"""One thing of each kind, and something that each mutation could do to it."""

from typing import Any

from identity import merging
from identity.actor import operator
from identity.people import create_person, find_by_address
from lists import rosters
from lists.bounces.scores import Failure, failed
from storage import alerts, identities, memberships, second_factors
from storage.tables.account_life import AlertKind
from storage.tables.second_factors import FactorKind
from storage.tables.words import BounceKind, TokenScope
from tests.federation.other_server import OtherServer, known
from tests.journeys.families_world import defined, families_of, instance
from tests.journeys.hostile_world import Hostile

KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
UPLOAD = {"filename": "x", "contentType": "text/plain", "size": "1", "purpose": "SHARED_DOCUMENT"}
SEEN = """query ($a: EmailAddress!) { mailingList(address: $a) { id
  subscribers(first: 50) { edges { node { id email } } } bounces(first: 5) { edges { node { id } } } owners(first: 5) { edges { node { id } } }
  moderation(first: 5) { edges { node { id } } } deliveries(first: 5) { edges { node { id } } }
  archive { messages(first: 5) { edges { node { id } } } } documents { id } } }"""
ME = """{ viewer { robot { id } user { id emailAddresses { id isMain evidence { id } } secondFactors { id } identities { id } alerts { id } accountMerges { id } apiTokens(first: 5) { edges { node { id } } }
  sessions(first: 5) { edges { node { id } } } } } }"""


def first(page: dict[str, Any]) -> str:
    """The id of the first thing in a page."""
    found: str = page["edges"][0]["node"]["id"]
    return found


async def things(hostile: Hostile) -> dict[str, str]:
    """The ids of one thing of each kind at `talk`, as Carol, who runs it, sees them."""
    await put_in(hostile)
    token = await hostile.session(hostile.world.carol)
    talk = (await hostile.ask(SEEN, token, a="talk@lists.example.test"))["data"]["mailingList"]
    announce = (await hostile.ask(SEEN, token, a="announce@lists.example.test"))["data"]["mailingList"]
    members = {each["node"]["email"]: each["node"]["id"] for each in talk["subscribers"]["edges"]}
    granted = await grant_in(hostile, token)
    me = (await hostile.ask(ME, token))["data"]["viewer"]
    return {
        "robot": me["robot"]["id"],
        "talk": talk["id"],
        "own": members["carol@example.edu"],
        "alices": members["alice@example.edu"],
        "role": first(talk["owners"]),
        "item": first(announce["moderation"]),
        "delivery": first(talk["deliveries"]),
        "bounce": first(talk["bounces"]),
        "message": first(talk["archive"]["messages"]),
        "folder": talk["documents"]["id"],
        "hers": await hostile.id_of(hostile.hers, token),
        **granted,
        **of_a_person(me["user"]),
        **await of_a_domain(hostile, token, me["robot"]["id"]),
        **await documents_in(hostile, token, talk["documents"]["id"]),
    }


async def put_in(hostile: Hostile) -> None:
    """A member whose mail comes back, further accounts and keys of Carol's, a post that was sent and one that waits."""
    world = hostile.world
    async with world.db.write() as uow:
        await rosters.add(uow, operator(world.robot), hostile.talk, ["carol@example.edu"], quiet=True)
        member = await memberships.find(uow, hostile.talk.id, "carol@example.edu")
        assert member is not None
        await failed(uow, hostile.talk, member, Failure(BounceKind.SOFT))
        carol = await find_by_address(uow, "carol@example.edu")
        assert carol is not None
        await identities.add(
            uow, person_id=carol.id, robot_id=None, provider="*:oidc", issuer="op", subject="c"
        )
        await second_factors.add(
            uow, person_id=carol.id, kind=FactorKind.PASSKEY, label="Key", secret="", host="x"
        )
        await alerts.add(uow, carol.id, AlertKind.SECOND_ACCOUNT)
        other = await create_person(uow, "caroline@example.edu", proved=True)
        await merging.merge(uow, world.robot, carol, other, actor="carol@example.edu", via="web")
    assert await world.mail_in("talk@lists.example.test", "alice@example.edu", "sent") == 250
    assert await world.mail_in("announce@lists.example.test", "alice@example.edu", "held") == 250
    await hostile.api_token(world.carol, TokenScope.READ)


async def grant_in(hostile: Hostile, token: str) -> dict[str, str]:
    """The ids of an application, of Carol's leave for it, and its own name for itself."""
    portal = (await hostile.application("portal")).client_id
    leave = {"clientId": portal, "scopes": ["READ"]}
    answer = await hostile.do(
        "applicationGrantCreate", token, leave, "applicationGrant { id application { id } }"
    )
    grant = answer["applicationGrant"]
    return {"portal": portal, "application": grant["application"]["id"], "grant": grant["id"]}


def of_a_person(user: dict[str, Any]) -> dict[str, str]:
    """The ids of what an account has."""
    return {
        "email": user["emailAddresses"][0]["id"],
        "evidence": user["emailAddresses"][0]["evidence"][0]["id"],
        "identity": user["identities"][0]["id"],
        "factor": user["secondFactors"][0]["id"],
        "alert": user["alerts"][0]["id"],
        "merge": user["accountMerges"][0]["id"],
        "token": first(user["apiTokens"]),
        "session": first(user["sessions"]),
        "user": user["id"],
    }


async def of_a_domain(hostile: Hostile, token: str, robot: str) -> dict[str, str]:
    """The ids of a family, of a key that signs, and of another list server."""
    await defined(hostile)
    lena = await hostile.session(hostile.lena)
    [family] = await families_of(hostile, lena)
    new_key = {"robotId": robot, "algorithm": "ED25519"}
    signs = (await hostile.do("dkimKeyCreate", lena, new_key, "dkimKey { id }"))["dkimKey"]
    await known(hostile.world.db, OtherServer())
    peers = (await hostile.ask("{ peers(first: 9) { edges { node { id } } } }", token))["data"]["peers"]
    return {"family": family["id"], "dkim": signs["id"], "peer": first(peers)}


async def documents_in(hostile: Hostile, token: str, top: str) -> dict[str, str]:
    """The ids of a folder, of another one in the trash, and of an upload."""
    made = []
    for name in ("notes", "old"):
        input = {"parentId": top, "name": name}
        made.append((await hostile.do("sharedFolderCreate", token, input, "folder { id }"))["folder"]["id"])
    await hostile.do("sharedItemRemove", token, {"item": {"id": made[1]}})
    room = await hostile.do("uploadCreate", token, {**UPLOAD, "parentId": top}, "upload { id }")
    return {"document": made[0], "trash": made[1], "upload": room["upload"]["id"]}


def inputs(at: dict[str, str], membership: str) -> dict[str, dict[str, Any]]:
    """Something that each mutation could do."""
    return {
        **of_accounts(at),
        **of_lists(at, membership),
        **of_domains(at),
        **of_programs_and_servers(at),
        **of_documents(at),
    }


def of_accounts(at: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each mutation about an account could do."""
    return {
        "passwordChange": {"newPassword": "another good one"},
        "signOut": {"sessionId": at["session"]},
        "sessionDebug": {"minutes": 10},
        "apiTokenCreate": {"label": "more", "scopes": ["ADMINISTRATE"]},
        "apiTokenRevoke": {"apiTokenId": at["token"]},
        "identityLink": {"provider": "password"},
        "identityUnlink": {"identityId": at["identity"]},
        "alertDismiss": {"alertId": at["alert"]},
        "accountMerge": {"sessionToken": "x"},
        "accountUnmerge": {"accountMergeId": at["merge"]},
        "accountRemove": {},
        "secondFactorBegin": {"kind": "TOTP"},
        "secondFactorConfirm": {"attemptId": "x", "code": "123456"},
        "secondFactorRemove": {"secondFactorId": at["factor"]},
        "recoveryCodesRenew": {},
        "emailLink": {"email": "more@example.edu"},
        "emailConfirm": {"email": "more@example.edu", "code": "AAAAAAAA"},
        "emailEvidenceRevoke": {"evidenceId": at["evidence"]},
        "emailUnlink": {"userEmailId": at["email"]},
        "emailSetMain": {"userEmailId": at["email"]},
        "profileUpdate": {"displayName": "Changed"},
        "addressMove": {"currentEmail": "carol@example.edu", "email": "more@example.edu"},
    }


def of_lists(at: dict[str, str], membership: str) -> dict[str, dict[str, Any]]:
    """What each mutation about a list, its people and its rules could do."""
    policy = {"mailingListId": at["talk"], "operation": "send", "name": "private"}
    return {
        "listElevate": {"mailingListId": at["talk"], "reason": "Somebody asked me to look."},
        "mailingListCreate": {"robotId": at["robot"], "name": "new", "subject": "New"},
        "mailingListUpdate": {"mailingListId": at["talk"], "settings": {"subject": "Changed"}},
        "mailingListClose": {"mailingListId": at["talk"]},
        "mailingListOpen": {"mailingListId": at["talk"]},
        "bouncesReset": {"bounceIds": [at["bounce"]]},
        "mailingListSubscribe": {"mailingListId": at["hers"]},
        "membershipUpdate": {"membershipId": membership, "displayName": "Changed"},
        "membershipsUnify": {"target": "carol@example.edu", "membershipIds": [membership]},
        "membershipsSetOptions": {"membershipIds": [membership], "reception": "DIGEST"},
        "mailingListUnsubscribe": {"membershipId": membership},
        "subscribersAdd": {"mailingListId": at["talk"], "emails": ["more@example.edu"]},
        "subscribersInvite": {"mailingListId": at["talk"], "emails": ["more@example.edu"]},
        "subscribersRemove": {"mailingListId": at["talk"], "membershipIds": [membership]},
        "roleGrant": {"mailingListId": at["talk"], "email": "more@example.edu", "kind": "MODERATOR"},
        "roleRevoke": {"roleId": at["role"]},
        "messagePost": {"mailingListId": at["talk"], "subject": "x", "text": "y"},
        "moderationDecide": {"itemIds": [at["item"]], "verdict": "APPROVE"},
        "mailingListRemind": {"mailingListId": at["talk"]},
        "scenarioWrite": {**policy, "source": "true() smtp,dkim,md5,smime -> do_it"},
        "scenarioRemove": {**policy, "expectedHash": "0" * 64},
    }


def of_domains(at: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each mutation about a domain, its families, keys and queue could do."""
    delivery = {"deliveryId": at["delivery"]}
    return {
        "deliveryPause": delivery,
        "deliveryResume": delivery,
        "deliveryCancel": delivery,
        "deliverySetPriority": {**delivery, "priority": "BULK"},
        "queueStop": {"robotId": at["robot"]},
        "queueStart": {"robotId": at["robot"]},
        "domainPaceReset": {"robotId": at["robot"]},
        "robotRemind": {"robotId": at["robot"]},
        "dkimKeyCreate": {"robotId": at["robot"]},
        "dkimKeyActivate": {"dkimKeyId": at["dkim"], "isForced": True},
        "dkimKeyRetire": {"dkimKeyId": at["dkim"]},
        "robotUpdate": {"robotId": at["robot"], "settings": {"dkimMethod": "AS_SMTP"}},
        "familyInstantiate": {"familyId": at["family"], "instances": [instance("law")]},
        "familyListCreate": {"familyId": at["family"], **instance("law")},
        "familySignOff": {"familyId": at["family"]},
    }


def of_programs_and_servers(at: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each mutation about applications and other servers could do."""
    remote = {"peerId": at["peer"], "listAddress": "x@lists.other.example", "email": "carol@example.edu"}
    return {
        "applicationRegister": {
            "robotId": at["robot"],
            "name": "Evil",
            "jwks": KEY,
            "allowedScopes": ["READ"],
            "allowedAssertions": [],
            "requiresUserGrant": False,
        },
        "applicationRotate": {"applicationId": at["application"], "jwks": KEY},
        "applicationRevoke": {"applicationId": at["application"]},
        "applicationGrantCreate": {"clientId": at["portal"], "scopes": ["READ"]},
        "applicationGrantRevoke": {"grantId": at["grant"]},
        "federationConsentUpdate": {"outgoing": "ALL_TRUSTED", "incoming": "NOBODY"},
        "federationStop": {"peerId": at["peer"]},
        "federationTokenIssue": {"peerId": at["peer"], "email": "carol@example.edu"},
        "remoteMembershipLeave": remote,
        "remoteMembershipPause": {**remote, "until": "2030-01-01T00:00:00Z"},
        "peerRegister": {"domain": "lists.example.org"},
        "peerSetTrust": {"peerId": at["peer"], "trust": "BLOCKED"},
        "peerRemove": {"peerId": at["peer"]},
    }


def of_documents(at: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each mutation about documents could do."""
    return {
        "uploadCreate": {**UPLOAD, "parentId": at["folder"]},
        "sharedFolderCreate": {"parentId": at["folder"], "name": "new"},
        "sharedFolderDescribe": {"folderId": at["document"], "header": "Changed"},
        "sharedFileCreate": {"parentId": at["folder"], "name": "new", "uploadId": at["upload"]},
        "sharedItemMove": {"item": {"id": at["document"]}, "name": "changed"},
        "sharedItemRemove": {"item": {"id": at["document"]}},
        "sharedItemRestore": {"itemId": at["trash"]},
        "sharedAccessSet": {"itemId": at["document"], "isInherited": False, "read": "public"},
    }
