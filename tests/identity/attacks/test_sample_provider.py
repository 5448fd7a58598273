"""The sample provider of the documents: installed as a package it signs people in, and each way to break it is found out."""

import importlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest import SkipTest

import pytest

from identity import provider_sign_in, registry
from identity.attacks.conformance import ProviderConformance
from identity.provider import Inbound
from identity.steps import Done, Elsewhere
from tests.identity.papers import Mill
from tests.identity.world import World

SAMPLE = Path(__file__).parents[3] / "docs" / "developer" / "sample_provider"
FILE = """
[[provider]]
key = "mill"
kind = "badge"
label = "Badge"
vouches_for = ["example.edu"]
settings = { desk = "https://badge.example/desk", issuer = "https://badge.example", key = "env:BADGE_KEY" }
"""
# What is broken, and the test that has to say so.
BROKEN = {
    "takes badges for others": (
        'if claims.get("aud") != place.own_url:',
        "if False:",
        "test_a_proof_for_another_audience_is_refused",
    ),
    "takes badges of other desks": (
        'if claims.get("iss") != settings.issuer:',
        "if False:",
        "test_an_answer_of_another_provider_is_refused",
    ),
    "takes old badges": (
        'if seconds(claims, "exp") <= now - SKEW:',
        "if False:",
        "test_an_expired_proof_is_refused",
    ),
    "takes badges of tomorrow": (
        'if seconds(claims, "iat") > now + SKEW:',
        "if False:",
        "test_a_proof_of_the_future_is_refused",
    ),
    "believes every address": (
        'is_verified=claims.get("email_verified") is True',
        "is_verified=True",
        "test_unverified_mail_does_not_count",
    ),
    "believes an address by its looks": (
        'is_verified=claims.get("email_verified") is True',
        'is_verified=bool(claims.get("email_verified"))',
        "test_unverified_mail_does_not_count",
    ),
    "takes a badge of any sign-in again and again": (
        'if not kept.get("nonce") or claims.get("nonce") != kept["nonce"]:',
        "place = __import__('dataclasses').replace(place); claims['jti'] = token_urlsafe()\n    if False:",
        "test_a_proof_is_not_believed_twice",
    ),
    "believes what is unsigned": (
        'signed = jws.deserialize_compact(badge, desk_key(settings), algorithms=["ES256"])',
        (
            "signed = unsigned(badge) if badge.endswith('.') else "
            "jws.deserialize_compact(badge, desk_key(settings), algorithms=['ES256'])"
        ),
        "test_alg_none_is_refused",
    ),
    "takes the key from the badge": (
        'signed = jws.deserialize_compact(badge, desk_key(settings), algorithms=["ES256"])',
        "signed = by_its_own_key(badge, settings)",
        "test_a_key_from_the_document_is_not_believed",
    ),
    "verifies nothing": (
        'signed = jws.deserialize_compact(badge, desk_key(settings), algorithms=["ES256"])',
        "signed = unsigned(badge)",
        "test_an_altered_proof_is_refused",
    ),
    "has a guest": (
        'claims = read_badge(settings, inbound.query.get("badge", ""))',
        (
            'if "badge" not in inbound.query:\n        return Evidence(settings.issuer, "guest")\n'
            '    claims = read_badge(settings, inbound.query.get("badge", ""))'
        ),
        "test_the_state_alone_proves_nothing",
    ),
    "believes the web server's word": (
        'claims = read_badge(settings, inbound.query.get("badge", ""))',
        (
            "for name, value in inbound.headers:\n        if name == b'x-remote-user':\n"
            "            return Evidence(settings.issuer, value.decode())\n"
            '    claims = read_badge(settings, inbound.query.get("badge", ""))'
        ),
        "test_a_spoofed_header_is_refused",
    ),
    "falls over": (
        'raise NotProved("no badge")',
        'raise KeyError("badge")',
        "test_the_state_alone_proves_nothing",
    ),
    "refuses everybody": (
        'raise NotProved("the badge says nothing")\n    return claims',
        "pass\n    raise NotProved('closed')",
        "test_a_genuine_sign_in_is_believed",
    ),
}
# A badge that is not looked at, or no badge at all, shows in other tests, too.
NO_BADGE = frozenset({"test_a_spoofed_header_is_refused", "test_the_state_alone_proves_nothing"})
NO_LOOK = frozenset({"test_alg_none_is_refused", "test_a_key_from_the_document_is_not_believed"})
ALSO = {
    "verifies nothing": NO_LOOK,
    "has a guest": NO_BADGE,
    "falls over": NO_BADGE,
    "refuses everybody": frozenset({"test_a_proof_is_not_believed_twice"}),
}
HELP = """

class Plain:
    def __init__(self, payload):
        self.payload = payload


def unsigned(badge):
    import base64
    part = badge.split('.')[1]
    return Plain(base64.urlsafe_b64decode(part + '=' * (-len(part) % 4)))


def by_its_own_key(badge, settings):
    import base64
    part = badge.split('.')[0]
    own = json.loads(base64.urlsafe_b64decode(part + '=' * (-len(part) % 4))).get('jwk')
    key = ECKey.import_key(own) if own else desk_key(settings)
    registry = jws.JWSRegistry(algorithms=['ES256'], strict_check_header=False)
    return jws.deserialize_compact(badge, key, registry=registry)
"""


@pytest.fixture
def badge(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The sample's own test, with the sample beside it."""
    monkeypatch.syspath_prepend(str(SAMPLE))
    for name in ("postroom_badge", "test_badge"):
        sys.modules.pop(name, None)
    yield importlib.import_module("test_badge")
    for name in ("postroom_badge", "test_badge"):
        sys.modules.pop(name, None)


def failures(tried: ProviderConformance) -> dict[str, str]:
    """The tests of a conformance class that fail, with what they say."""
    found = {}
    for name in dir(tried):
        if name.startswith("test_"):
            try:
                getattr(tried, name)()
            except SkipTest:
                continue
            except AssertionError as said:
                found[name] = str(said)
    return found


def test_the_sample_stands_every_attack(badge: ModuleType) -> None:
    assert failures(badge.TestBadge()) == {}


def test_pytest_runs_the_sample_as_its_page_says() -> None:
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(SAMPLE),
        "test_badge.py",
    ]
    done = subprocess.run(words, cwd=SAMPLE, check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout
    assert "14 passed" in done.stdout


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_variant_fails_the_right_test(how: str, badge: ModuleType) -> None:
    old, new, test = BROKEN[how]
    source = (SAMPLE / "postroom_badge.py").read_text()
    assert source.count(old) == 1
    broken = ModuleType("postroom_badge_broken")
    exec(compile(source.replace(old, new) + HELP, "postroom_badge_broken.py", "exec"), broken.__dict__)
    tried = type("TestBroken", (badge.TestBadge,), {"provider": broken})()
    found = failures(tried)
    assert test in found, found
    others = ALSO.get(how, frozenset())
    assert {*found} <= {test, *others}, found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the sample is installed into."""
    place = tmp_path_factory.mktemp("sample")
    source, folder = place / "source", place / "folder"
    shutil.copytree(SAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    words = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [sys.executable, *words, "--target", str(folder), str(source)], check=True, capture_output=True
    )
    return folder


async def test_the_sample_installed_as_a_package_signs_somebody_in(
    world: World, badge: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    registry.installed.cache_clear()
    registry.provider_of.cache_clear()
    try:
        assert "badge" in registry.installed()
        mill = Mill(world, world.robot)
        await mill.set(FILE)
        visitor = mill.visitor()
        entry = await mill.entry()
        started = await provider_sign_in.start(world.db, world.robot, entry, visitor)
        assert isinstance(started, Elsewhere)
        asked = dict(pair.split("=") for pair in started.url.partition("?")[2].split("&"))
        place = provider_sign_in.place_of(world.db, world.robot, entry)
        said = badge.claims(place, asked["nonce"], "ann@example.edu")
        query = {"state": asked["state"], "badge": badge.signed(said)}
        done = await provider_sign_in.arrive(
            world.db, world.robot, entry, Inbound("GET", place.callback_url, query=query), visitor
        )
        assert isinstance(done, Done)
        assert done.session.address == "ann@example.edu"
    finally:
        registry.installed.cache_clear()
        registry.provider_of.cache_clear()
