"""Timer triggers: schedules, the stored status that finds missed occurrences, and one running instance per app."""
