"""The forms that change keys: each a row of a table, turned into a change of the domain."""
