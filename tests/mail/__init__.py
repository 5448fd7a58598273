"""The words of mail, tried without a socket, on honest and on hostile bytes."""
