"""The simulator of faults: the real handlers, state machines and template among everything that AWS lets go wrong."""
