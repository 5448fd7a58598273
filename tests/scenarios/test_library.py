"""What the shipped policies decide, for each role and method that matters."""

import pytest

from scenarios.cache import compiled
from scenarios.decision import Decision
from scenarios.dialect import Dialect
from scenarios.grammar import parse_scenario
from scenarios.interpret import decide
from scenarios.library import shipped_names, shipped_text
from scenarios.operations import OPERATIONS, permitted_actions
from scenarios.request import METHODS_BY_STRENGTH
from tests.scenarios.world import World, person, request

# The names of Sympa 6.2.80, and how many each operation has there.
PROMISED = {
    "send": (
        22,
        """closed confidential editorkey editorkeyonly editorkeyonlyauth newsletter newsletterkeyonly owner ownerauth
        private private_smime privateandeditorkey privateandnomultipartoreditorkey privatekey
        privatekeyandeditorkeyonly privateoreditorkey privateorpublickey public public_nobcc publickey
        publicnoattachment publicnomultipart""",
    ),
    "subscribe": (
        10,
        "auth auth_notify auth_owner closed open open_notify open_quiet owner smime smimeorowner",
    ),
    "unsubscribe": (6, "auth auth_notify closed open open_notify owner"),
    "spam_status": (6, "bogofilter j-chkmail none rspamd spamassassin x-spam-status"),
    "review": (5, "closed listmaster owner private public"),
    "d_edit": (5, "editor owner private private-https public"),
    "archive_web_access": (5, "closed listmaster owner private public"),
    "add": (4, "auth closed owner owner_notify"),
    "del": (4, "auth closed owner owner_notify"),
    "invite": (4, "closed owner private public"),
    "d_read": (4, "owner private private-https public"),
    "archive_mail_access": (4, "closed owner private public"),
    "visibility": (4, "conceal identified noconceal secret"),
    "info": (3, "conceal open private"),
    "move_user": (3, "auth closed listmaster"),
    "create_list": (3, "closed listmaster public_listmaster"),
    "automatic_list_creation": (3, "family_owner listmaster public"),
    "topics_visibility": (3, "conceal identified noconceal"),
    "remind": (2, "listmaster owner"),
    "tracking": (2, "owner private"),
    "family_signoff": (2, "auth closed"),
    "global_remind": (1, "listmaster"),
}
# Further names of Sympa 6.2.70, where a DKIM signature is a method of its own.
SIGNED = {
    "add": "authdkim ownerdkim",
    "del": "authdkim ownerdkim",
    "remind": "listmasterdkim ownerdkim",
    "send": "editordkim",
    "subscribe": "auth_notifydkim auth_ownerdkim authdkim",
    "unsubscribe": "auth_notifydkim authdkim",
}
OURS = {"archive_mail_access": "listmaster"}
# On the web a request is md5 at least; their rules do not speak of mail.
WEB_ONLY = frozenset({"archive_web_access", "d_edit", "d_read"})
SHIPPED = [(operation, name) for operation in OPERATIONS for name in shipped_names(operation)]
ROLES = ("nobody", "stranger", "subscriber", "editor", "owner", "listmaster")
WORLD = World(
    subscribers=frozenset({"subscriber@x.org"}),
    editors=frozenset({"editor@x.org"}),
    owners=frozenset({"owner@x.org"}),
    listmasters=frozenset({"listmaster@x.org"}),
)


async def decided(policy: str, role: str, method: str, email: str | None = None) -> Decision:
    operation, _, name = policy.partition(".")
    text = shipped_text(operation, name)
    assert text is not None
    sender = role if role == "nobody" else f"{role}@x.org"
    asked = request(sender, method, operation=operation, email=email)
    return await decide(compiled(text, operation=operation, name=name), asked, WORLD)


async def verdicts(policy: str, method: str, email: str | None = None) -> str:
    """The verdicts for all roles in a row, modifiers and target included."""
    words = []
    for role in ROLES:
        decision = await decided(policy, role, method, email)
        words.append(
            decision.action.replace("do_it", "yes").replace("reject", "no").replace("request_auth", "confirm")
            + ("@" if decision.argument else "")
            + ("+" if decision.notify else "")
            + ("-" if decision.quiet else "")
        )
    return " ".join(words)


def test_exactly_the_promised_names_are_shipped() -> None:
    assert sum(count for count, _ in PROMISED.values()) == 105
    for operation in OPERATIONS:
        count, names = PROMISED.get(operation, (0, ""))
        assert len(names.split()) == count
        further = SIGNED.get(operation, "").split() + OURS.get(operation, "").split()
        assert shipped_names(operation) == sorted(names.split() + further)


def test_an_unknown_name_has_no_text() -> None:
    assert shipped_text("send", "no_such_name") is None
    assert shipped_text("send", "../errors") is None
    assert shipped_names("no_such_operation") == []


def test_older_operation_names_find_todays_texts() -> None:
    assert shipped_text("web_archive.access", "private") == shipped_text("archive_web_access", "private")


@pytest.mark.parametrize(("operation", "name"), SHIPPED)
async def test_each_shipped_text_decides_for_every_role_and_method(operation: str, name: str) -> None:
    for role in ROLES:
        for method in METHODS_BY_STRENGTH:
            for email in (None, "target@x.org"):
                decision = await decided(f"{operation}.{name}", role, method, email)
                if operation in WEB_ONLY and method in ("smtp", "dkim"):
                    assert (decision.action, decision.reason) == ("reject", "no-rule-match")
                    continue
                assert decision.line is not None
                assert decision.error is None
                assert decision.action in permitted_actions(operation)


@pytest.mark.parametrize(("operation", "name"), SHIPPED)
def test_each_shipped_text_has_a_title_of_its_own_in_each_language(operation: str, name: str) -> None:
    scenario = compiled(shipped_text(operation, name) or "", operation=operation, name=name)
    assert scenario.titles.keys() == {"default", "fr", "de", "es"}
    assert len({name, *scenario.titles.values()}) == 5
    others = [
        compiled(shipped_text(operation, other) or "", operation=operation, name=other).title("en")
        for other in shipped_names(operation)
        if other != name
    ]
    assert scenario.title("en") not in others


@pytest.mark.parametrize(("operation", "name"), [one for one in SHIPPED if one[1] == "closed"])
def test_each_closed_policy_is_known_to_be_closed(operation: str, name: str) -> None:
    assert compiled(shipped_text(operation, name) or "", operation=operation, name=name).purely_closed


# policy, method, verdicts for nobody, stranger, subscriber, editor, owner, listmaster
MATRIX = [
    ("send.public", "smtp", "yes yes yes yes yes yes"),
    ("send.private", "smtp", "no no yes yes yes yes"),
    ("send.private", "dkim", "no no yes yes yes yes"),
    ("send.private", "md5", "no no yes yes yes yes"),
    ("send.closed", "smime", "no no no no no no"),
    ("send.owner", "md5", "no no no no yes yes"),
    ("send.editorkey", "smtp", "editorkey editorkey editorkey yes editorkey editorkey"),
    ("send.editorkeyonly", "md5", "editorkey editorkey editorkey editorkey editorkey editorkey"),
    ("send.newsletter", "md5", "no no no yes no no"),
    ("send.newsletterkeyonly", "md5", "no no no editorkey no no"),
    ("send.newsletterkeyonly", "smime", "no no no yes no no"),
    ("send.privatekey", "dkim", "no no confirm no no no"),
    ("send.privatekey", "md5", "no no yes no no no"),
    ("send.privateandeditorkey", "md5", "no no editorkey yes no no"),
    ("send.privateoreditorkey", "smtp", "editorkey editorkey yes yes editorkey editorkey"),
    ("send.publickey", "smtp", "confirm confirm confirm confirm confirm confirm"),
    ("send.publickey", "dkim", "yes yes yes yes yes yes"),
    ("send.confidential", "smtp", "no- no- yes yes yes yes"),
    ("subscribe.open", "smtp", "confirm@ yes yes yes yes yes"),
    ("subscribe.open_notify", "md5", "confirm@ yes+ yes+ yes+ yes+ yes+"),
    ("subscribe.open_quiet", "md5", "confirm@ yes- yes- yes- yes- yes-"),
    ("subscribe.auth", "smtp", "confirm@ confirm@ yes confirm@ confirm@ confirm@"),
    ("subscribe.auth", "md5", "confirm@ yes yes yes yes yes"),
    ("subscribe.auth_notify", "md5", "confirm@ yes+ yes yes+ yes+ yes+"),
    ("subscribe.auth_owner", "smtp", "confirm@ confirm@ yes confirm@ confirm@ confirm@"),
    ("subscribe.auth_owner", "md5", "confirm@ owner yes owner owner owner"),
    ("subscribe.owner", "smtp", "confirm@ owner yes owner yes yes"),
    ("unsubscribe.open", "smtp", "confirm@ yes yes yes yes yes"),
    ("unsubscribe.auth", "smtp", "confirm@ yes confirm@ yes yes yes"),
    ("unsubscribe.auth_notify", "md5", "confirm@ yes+ yes+ yes+ yes+ yes+"),
    ("unsubscribe.owner", "md5", "confirm@ yes owner yes yes yes"),
    ("review.private", "smtp", "no no yes yes yes yes"),
    ("review.owner", "md5", "no no no no yes yes"),
    ("review.listmaster", "md5", "no no no no no yes"),
    ("visibility.noconceal", "smtp", "yes yes yes yes yes yes"),
    ("visibility.conceal", "md5", "no no yes yes yes yes"),
    ("visibility.secret", "md5", "no no no yes yes yes"),
    ("visibility.identified", "md5", "no yes yes yes yes yes"),
    ("info.conceal", "md5", "no no yes yes yes yes"),
    ("add.owner", "smtp", "no no no no yes yes"),
    ("add.auth", "smtp", "no no no no confirm confirm"),
    ("add.owner", "md5", "no no no no yes yes"),
    ("add.owner_notify", "md5", "no no no no yes+ yes+"),
    ("del.owner", "dkim", "no no no no yes yes"),
    ("del.authdkim", "smtp", "no no no no confirm confirm"),
    ("del.authdkim", "dkim", "no no no no yes yes"),
    ("del.auth", "smime", "no no no no yes yes"),
    ("invite.owner", "smtp", "no no no no yes yes"),
    ("invite.private", "md5", "no no yes yes yes yes"),
    ("remind.owner", "smtp", "no no no no confirm confirm"),
    ("remind.listmaster", "md5", "no no no no no yes"),
    ("archive_web_access.public", "smtp", "no no no no no no"),
    ("archive_web_access.public", "md5", "yes yes yes yes yes yes"),
    ("archive_web_access.private", "smtp", "no no no no no no"),
    ("archive_web_access.private", "md5", "no no yes no yes yes"),
    ("archive_mail_access.private", "smtp", "no no yes no yes yes"),
    ("create_list.listmaster", "smtp", "no no no no no no"),
    ("create_list.listmaster", "md5", "no no no no no yes"),
    ("create_list.public_listmaster", "md5", *["listmaster+ " * 5 + "yes"]),
]


@pytest.mark.parametrize(("policy", "method", "expected"), MATRIX)
async def test_a_shipped_policy_decides_by_role_and_method(policy: str, method: str, expected: str) -> None:
    assert await verdicts(policy, method) == expected


@pytest.mark.parametrize("operation", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("method", METHODS_BY_STRENGTH)
async def test_acting_for_another_address_only_asks_that_address(operation: str, method: str) -> None:
    for name in shipped_names(operation):
        if name != "closed":
            for target in ("target@x.org", "subscriber@x.org"):
                decision = await decided(f"{operation}.{name}", "owner", method, target)
                assert (decision.action, decision.argument) == ("request_auth", "[email]")


# policy, method, strength of the link to the other address, verdict
FOR_ONES_OWN_OTHER_ADDRESS = [
    ("subscribe.auth", "md5", "md5", "do_it"),
    ("subscribe.auth", "smtp", "md5", "request_auth"),
    ("subscribe.auth", "md5", "dkim", "request_auth"),
    ("subscribe.auth_notify", "md5", "md5", "do_it"),
    ("subscribe.auth_notify", "md5", "smtp", "request_auth"),
    ("subscribe.auth_owner", "md5", "md5", "owner"),
    ("subscribe.auth_owner", "dkim", "md5", "request_auth"),
    ("subscribe.auth_ownerdkim", "dkim", "md5", "owner"),
    ("subscribe.owner", "smtp", "md5", "owner"),
    ("subscribe.smime", "smime", "md5", "reject"),
    ("subscribe.smime", "smime", "smime", "do_it"),
    ("subscribe.open", "smtp", "md5", "do_it"),
    ("unsubscribe.auth", "md5", "md5", "do_it"),
    ("unsubscribe.owner", "md5", "md5", "do_it"),
    ("family_signoff.auth", "md5", "md5", "do_it"),
    ("family_signoff.auth", "smime", "smtp", "request_auth"),
]


@pytest.mark.parametrize(("policy", "method", "strength", "expected"), FOR_ONES_OWN_OTHER_ADDRESS)
async def test_row_121_another_address_of_ones_own_counts_as_far_as_its_link_is_proved(
    policy: str, method: str, strength: str, expected: str
) -> None:
    operation, _, name = policy.partition(".")
    identities = (*person("a@x.org"), *person("b@x.org", strength=strength))
    asked = request("a@x.org", method, operation=operation, email="b@x.org", identities=identities)
    decision = await decide(
        compiled(shipped_text(operation, name) or "", operation=operation, name=name), asked, WORLD
    )
    assert decision.action == expected


async def test_in_sympas_dialect_only_the_presented_address_counts() -> None:
    text = shipped_text("send", "private", dialect=Dialect.SYMPA)
    assert text is not None
    assert [rule.line for rule in parse_scenario(text, operation="send", name="private").rules] == [
        rule.line
        for rule in compiled(shipped_text("send", "private") or "", operation="send", name="x").rules
    ]
    scenario = parse_scenario(text, operation="send", name="private")
    asked = request("b@x.org", "smtp", identities=person("b@x.org", "subscriber@x.org"))
    assert (await decide(scenario, asked, WORLD, dialect=Dialect.SYMPA)).action == "reject"


async def test_a_forged_x_sender_passes_moderation_in_sympa_and_not_here() -> None:
    records = {"msg_header": {"X-Sender": ("editor@x.org",)}}
    asked = request("stranger@x.org", "smtp", records=records)
    said = {}
    for dialect in Dialect:
        text = shipped_text("send", "editorkey", dialect=dialect) or ""
        scenario = parse_scenario(text, operation="send", name="editorkey")
        said[dialect] = (await decide(scenario, asked, WORLD, dialect=dialect)).action
    assert said == {Dialect.POSTROOM: "editorkey", Dialect.SYMPA: "do_it"}


async def test_row_122_a_shipped_policy_knows_a_subscriber_by_an_alternate() -> None:
    scenario = compiled(shipped_text("send", "private") or "", operation="send", name="private")
    asked = request("b@x.org", "smtp", identities=person("b@x.org", "subscriber@x.org"))
    decision = await decide(scenario, asked, WORLD)
    assert (decision.action, decision.element) == ("do_it", "subscriber@x.org")
