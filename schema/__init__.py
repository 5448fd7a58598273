"""The API, declared: types, inputs, enums, scalars and limits; schema.graphql is its printed form."""
