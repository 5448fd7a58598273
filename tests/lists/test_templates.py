"""A template does what its short list of words lets it do, ends at once, and reaches no object of ours (row 55)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists.template_words import WORDS
from lists.templates import FILTERS, BadTemplate, Form, html_template, read_template, sample, text_template


def said(source: str, form: Form = Form.PLAIN, **values: str) -> str:
    return read_template(source, form).render(
        {name.replace("_", ".", 1): text for name, text in values.items()}
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Dear {{ person.name }}", "Dear Ann"),
        ("{{ person.name|upper|lower|title|trim }}", "Ann"),
        ("{{ person.language|default('none') }}", "none"),
        ("{% if person.name == 'Ann' and not person.email %}yes{% elif 'x' in person.name %}x{% else %}no{% endif %}", "yes"),
        ("{{ 'a' if person.name in ('Ann') else 'b' }}", "a"),
        ("{# not shown #}{% raw %}{{ 7*7 }}{% endraw %}", "{{ 7*7 }}"),
        ("one\n{% if person.name %}\ntwo\n{% endif %}\nthree", "one\ntwo\nthree"),
        ("{{ membership.attributes['day of birth'] }}{{ membership.attributes.items }}", ""),
    ],
)  # fmt: skip
def test_what_a_template_can_say(source: str, text: str) -> None:
    assert said(source, person_name="Ann") == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ person.__class__ }}",
        "{{ person.name.__class__.__mro__ }}",
        "{{ person.name.format('x') }}",
        "{{ person['name'] }}",
        "{{ membership.attributes[person.name] }}",
        "{{ membership.attributes }}",
        "{{ person }}",
        "{{ self }}",
        "{{ config }}",
        "{{ range(10**9) }}",
        "{{ 7*7 }}",
        "{{ 'a' * 10**9 }}",
        "{{ 'a' ~ person.name }}",
        "{{ person.name|attr('x') }}",
        "{{ person.name|map('upper') }}",
        "{{ person.name|default }}",
        "{{ person.name|upper('x') }}",
        "{{ person.name|default(*person.email) }}",
        "{{ person.name is defined }}",
        "{{ person.name < 'b' }}",
        "{{ 1 }}",
        "{{ [person.name] }}",
        "{{ lipsum() }}",
        "{% for each in person.name %}x{% endfor %}",
        "{% set a = 'b' %}",
        "{% macro a() %}{% endmacro %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'x' %}",
        "{% block x %}{% endblock %}",
        "{% import 'x' as y %}",
        "{% filter upper %}x{% endfilter %}",
        "{% call x() %}{% endcall %}",
        "{% do x %}",
        "{{",
        "{% if person.name %}",
        "{{ " + "(" * 5000 + "person.name" + ")" * 5000 + " }}",
        "{{ " + "not " * 5000 + "person.name }}",
        "{% if person.name %}" * 500 + "{% endif %}" * 500,
        "{% if person.name %}" * 30 + "{% endif %}" * 30,
        "{{ person.name }}" * 2000,
        "{{ " + "person.name|upper" + "|upper" * 3000 + " }}",
        "x" * 20_001,
    ],
)
@pytest.mark.parametrize("form", Form)
def test_what_a_template_cannot_be(source: str, form: Form) -> None:
    with pytest.raises(BadTemplate):
        read_template(f"one\n{source}", form)


def test_an_error_names_the_line_and_what_is_known() -> None:
    with pytest.raises(BadTemplate) as caught:
        text_template("one\ntwo\n{{ person.nme }}\n")
    assert caught.value.line == 3
    assert "there is no variable 'person.nme'" in caught.value.sentence
    assert all(word.name in caught.value.sentence for word in WORDS)
    with pytest.raises(BadTemplate) as caught:
        text_template("{{ person.name|shout }}")
    assert all(name in caught.value.sentence for name in FILTERS)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
@pytest.mark.parametrize("form", Form)
def test_each_variable_that_is_listed_can_be_said(word: object, form: Form) -> None:
    name = str(getattr(word, "name", ""))
    value = sample()[name]
    expected = (
        value if form is Form.PLAIN else value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    got = read_template(f"{{{{ {name} }}}}", form).render({name: value})
    assert got.replace("&#34;", '"').replace("&#39;", "'") == expected


@given(value=st.text(max_size=40))
def test_a_value_is_text_and_nothing_else(value: str) -> None:
    assert said("{{ person.name }}", person_name=value) == value
    escaped = said('<p title="{{ person.name }}">', Form.HTML, person_name=value)
    assert escaped.count("<") == escaped.count(">") == 1
    assert escaped.count('"') == 2


@pytest.mark.parametrize(
    "source",
    [
        "<a href={{ person.name }}>x</a>",
        "<p class='a' id={{ person.name }}>",
        "<script>var a = '{{ person.name }}'</script>",
        "<style>p { color: {{ person.name }} }</style>",
    ],
)
def test_in_html_a_value_stands_where_escaping_helps(source: str) -> None:
    with pytest.raises(BadTemplate):
        html_template(source)
    assert html_template("<style>p { color: red }</style><p title='{{ person.name }}'>{{ person.name }}</p>")


def test_text_is_made_html_with_its_lines() -> None:
    assert (
        said("-- \na < b\n{{ person.name }}", Form.AS_HTML, person_name="<i>")
        == "-- <br>\na &lt; b<br>\n&lt;i&gt;"
    )


def test_a_signatures_dashes_get_their_space_back() -> None:
    assert text_template("--\nThe list\n") == "-- \nThe list"


@pytest.mark.parametrize(
    ("source", "is_personal", "is_open"),
    [
        ("{{ list.name }} {{ manage_url }} {{ message.subject }}", False, False),
        ("{{ unsubscribe_url }} {{ membership.since }}", True, False),
        ("{{ person.name }}", True, True),
        ("{% if membership.attributes.x %}a{% endif %}", True, True),
    ],
)
def test_it_is_known_whether_a_template_depends_on_the_recipient(
    source: str, is_personal: bool, is_open: bool
) -> None:
    template = read_template(source)
    assert (template.is_personal, template.is_open) == (is_personal, is_open)
