"""The pages a newcomer sees, asked for without a socket."""
