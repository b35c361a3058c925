"""What the product remembers: decisions, folded state, reminders, evidence."""
