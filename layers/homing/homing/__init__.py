"""Homing: lifecycle email for online shops, in the shop's own AWS account."""
