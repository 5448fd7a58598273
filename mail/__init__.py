"""The words of mail: addresses, message bytes, fields, MIME, return paths and reports, as pure values that open no socket and know nothing of lists."""
