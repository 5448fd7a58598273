"""What leaves is signed: DKIM (RFC 6376), and a seal over what was found out when it came (ARC, RFC 8617)."""
