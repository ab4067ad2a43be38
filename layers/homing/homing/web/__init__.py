"""The HTTP side: requests read, answers and pages written."""
