"""Delivery beside two references in one run: a bare client of ours and Postfix's smtp-source."""
