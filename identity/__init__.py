"""People, the ledger of their addresses, how they prove who they are, and what lets them stay signed in."""
