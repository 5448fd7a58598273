"""The house rules that a machine can check: direction of imports, sizes, captions, names, documents."""
