"""The last metre: an SMTP client of our own (pipelined, exact about each recipient's answer) and a pool of its
connections to one mail server.
"""
