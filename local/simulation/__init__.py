"""Time travel: a shop's events through the deployed template, under a virtual clock."""

from local.simulation.inputs import Inputs, InputUnreadable, read_inputs, read_lines
from local.simulation.run import Simulation, simulate

__all__ = ["InputUnreadable", "Inputs", "Simulation", "read_inputs", "read_lines", "simulate"]
