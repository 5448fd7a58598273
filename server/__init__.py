"""The server knows everyone: it reads the settings, wires the floors together and opens the doors.

Nothing but the playground and the tests imports it.
"""
