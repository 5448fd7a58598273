"""How mail moves: routes of stages, packets of recipients, signatures, bounces, and the wires at both ends:
the LMTP door where messages come in and the SMTP client where they leave.
"""
