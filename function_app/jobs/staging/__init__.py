"""The staging suite (boxes 5 and 6, R033-R040): a module for each kind of check; numbers with limits."""
