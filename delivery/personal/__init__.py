"""What makes a copy one recipient's own: footers, headers and bodies that are filled in for them."""
