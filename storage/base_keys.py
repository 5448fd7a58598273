"""The key of an address without its +tag: kept beside the key so that one look-up finds all tags of a mailbox (row 115)."""

DELIMITER = "+"


def base_key(address_key: str) -> str:
    """The key cut at the first plus sign of its local part; one that begins with it stays whole.

    It says nothing about whether two addresses are one mailbox: that is for whoever knows the domain.
    """
    local, at, domain = address_key.rpartition("@")
    base, plus, _ = local.partition(DELIMITER)
    return f"{base}{at}{domain}" if plus and base else address_key
