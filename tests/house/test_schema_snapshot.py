"""The printed schema is the one that reviewers see, and every element of it is described."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema.schema import schema
from server.graphql.face import core_schema
from server.print_schema import PRINTED, printed

CORE = core_schema(schema)
# Strawberry has no place for the description of a schema directive's argument.


def own_types() -> list[GraphQLNamedType]:
    """The types that are ours."""
    return [
        each
        for each in CORE.type_map.values()
        if not is_introspection_type(each) and not is_specified_scalar_type(each)
    ]


def elements() -> Iterator[tuple[str, str | None]]:
    """Every element's coordinate with its description."""
    for kind in own_types():
        yield kind.name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", field.description
                for argument, declared in field.args.items():
                    yield f"{kind.name}.{name}({argument}:)", declared.description
        elif isinstance(kind, GraphQLInputObjectType):
            for name, member in kind.fields.items():
                yield f"{kind.name}.{name}", member.description
        elif isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                yield f"{kind.name}.{name}", value.description


def test_the_printed_schema_is_up_to_date() -> None:
    assert PRINTED.read_text(encoding="utf-8") == printed(), "run: python -m server.print_schema"


def test_every_element_is_described() -> None:
    assert [coordinate for coordinate, description in elements() if not (description or "").strip()] == []


def test_every_scalar_names_its_standard() -> None:
    scalars = [each for each in own_types() if isinstance(each, GraphQLScalarType)]
    assert [each.name for each in scalars if not each.specified_by_url] == []


def test_a_deprecation_says_what_to_use_and_until_when() -> None:
    reasons = {
        f"{kind.name}.{name}": field.deprecation_reason
        for kind in own_types()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in kind.fields.items()
        if field.deprecation_reason
    }
    assert [name for name, reason in reasons.items() if "Removed after 20" not in reason] == []


def test_mutations_take_one_input_and_answer_one_payload() -> None:
    mutation = CORE.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        title = name[0].upper() + name[1:]
        assert {key: str(each.type) for key, each in field.args.items()} == {"input": f"{title}Input!"}
        assert str(field.type) == f"{title}Payload!"
        payload = CORE.get_type(f"{title}Payload")
        assert isinstance(payload, GraphQLObjectType)
        fixed = {"userErrors": "[UserError!]!", "clientMutationId": "String", "query": "Query!"}
        told = {key: str(each.type) for key, each in payload.fields.items()}
        assert fixed.items() <= told.items()
        results = [key for key, kind in told.items() if key not in fixed and kind.endswith("!")]
        assert results == [], f"{title}Payload: results are nullable"


def test_whatever_has_an_id_is_a_node() -> None:
    for kind in own_types():
        if (
            isinstance(kind, GraphQLObjectType)
            and "id" in kind.fields
            and str(kind.fields["id"].type) == "ID!"
        ):
            assert "Node" in [each.name for each in kind.interfaces], kind.name


def test_no_optional_argument_defaults_to_null() -> None:
    assert "= null" not in printed()
