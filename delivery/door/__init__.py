"""The way in: an LMTP server (RFC 2033) that knows the protocol and nothing of lists; a handler decides about
recipients and takes responsibility for messages.
"""
