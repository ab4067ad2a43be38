"""From what shops' clients send to events: one module for each dialect."""
