"""One file for each way to prove who you are; imported by nobody but the server, through entry points."""
