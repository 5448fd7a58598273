"""The only SQL: tables and the records they hold, queries named in the domain's words, one transaction at a time, migrations."""
