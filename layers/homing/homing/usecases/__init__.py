"""What Homing does, one plain function for each job; what a job needs comes as arguments."""
