"""`homing segments`: who is in which segment and why, and what other rules would change.

All of it reads a table as it stands, and writes nothing: the folder of a simulated run, an export of DynamoDB, or the
live table. `sources` reads items, `population` makes profiles of them; `sizes`, `reasons` and `difference` answer one
question each, and `show` puts the answers on a terminal.
"""
