"""From field to function: unpack, ask the domain, return; no SQL and no rules."""
