"""What decides where the suites run, and what is told afterwards."""
