"""What proves who wrote a message that comes in: DKIM, S/MIME, and the findings of our own mail server."""
