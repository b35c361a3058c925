"""What was answered: counted, kept in a bounded buffer, and packed into columnar events."""
