"""Tests mirror the code: folders of the same name without sockets, then wire, journeys, wounds and house."""
