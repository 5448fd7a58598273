"""The last metre: an SMTP client of our own, pipelined and exact about each recipient's answer."""
