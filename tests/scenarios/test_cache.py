"""A scenario text is compiled once, for everybody who lives by it."""

import pytest

from scenarios import cache
from scenarios.cache import assembled, compile_count, compiled
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario


def test_row_9_ten_thousand_lists_on_one_text_compile_it_once() -> None:
    text = "true() md5 -> do_it # row 9"
    before = compile_count()
    shared = {id(compiled(text, operation="send", name="ours")) for _ in range(10_000)}
    assert len(shared) == 1
    assert compile_count() == before + 1


def test_row_9_a_lists_own_version_of_a_name_does_not_reach_the_others() -> None:
    ours = compiled("true() md5 -> do_it", operation="send", name="same")
    theirs = compiled("true() md5 -> reject", operation="send", name="same")
    assert (ours.rules[0].action.base, theirs.rules[0].action.base) == ("do_it", "reject")
    assert ours.text_hash != theirs.text_hash
    assert compiled("true() md5 -> do_it", operation="send", name="same") is ours


def test_the_same_text_under_another_operation_is_another_scenario() -> None:
    assert compiled("true() -> do_it", operation="info", name="x").operation == "info"
    assert compiled("true() -> do_it", operation="send", name="x").operation == "send"


def test_a_malformed_text_is_read_once_and_refused_each_time() -> None:
    before = compile_count()
    for _ in range(3):
        with pytest.raises(MalformedScenario) as caught:
            compiled("\n  nonsense()  -> do_it", operation="send", name="bad")
        assert (caught.value.line, caught.value.column) == (2, 3)
    assert compile_count() == before + 1


def test_the_cache_is_bounded_by_the_length_of_its_texts_and_forgets_the_least_recent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "_SHELF", type(cache._SHELF)())
    monkeypatch.setattr(cache, "CAPACITY", 2 * (cache.LEAST_WEIGHT + 100))
    texts = ["true() -> do_it # " + str(number) * 82 for number in range(3)]
    first, second = (compiled(text, operation="send", name="lru") for text in texts[:2])
    assert compiled(texts[0], operation="send", name="lru") is first
    compiled(texts[2], operation="send", name="lru")
    assert compiled(texts[0], operation="send", name="lru") is first
    assert compiled(texts[1], operation="send", name="lru") is not second
    compiled("#" * 5000, operation="send", name="large")
    assert compiled(texts[0], operation="send", name="lru") is not first


def test_row_9_a_text_with_its_includes_is_put_together_once() -> None:
    before = compile_count()
    ours = {"send.header": "true() md5 -> reject", "common": "true() smtp -> reject"}
    shared = {
        id(assembled("include common", operation="send", name="ours", includes=dict(ours)))
        for _ in range(100)
    }
    assert len(shared) == 1
    theirs = assembled(
        "include common", operation="send", name="ours", includes={"common": "true() -> do_it"}
    )
    as_sympa = assembled(
        "include common", operation="send", name="ours", includes=ours, dialect=Dialect.SYMPA
    )
    assert compile_count() == before + 3
    assert [rule.origin for rule in as_sympa.rules] == ["include.send.header", "include.common"]
    assert theirs.rules[0].action.base == "do_it"


def test_a_mistake_in_an_include_is_told_with_its_place_each_time() -> None:
    for _ in range(2):
        with pytest.raises(MalformedScenario, match=r"include\.common, line 2, column 1") as caught:
            assembled("include common", operation="send", name="x", includes={"common": "\nfoo() -> do_it"})
        assert (caught.value.source, caught.value.line) == ("include.common", 2)
