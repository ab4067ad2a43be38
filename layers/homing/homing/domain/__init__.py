"""What Homing knows about a shop and its shoppers: pure, told the time and the ids, never asking for them."""
