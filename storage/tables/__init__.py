"""The tables and the records, enums and words that they hold; the ground floor that every other room stands on."""
