"""A shopper's rights at the command line: all that is held of somebody, and its erasure."""
