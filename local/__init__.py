"""The local cloud, the virtual clock and the command line: never deployed."""
