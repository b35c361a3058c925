"""People who are asked and told, and whose word is checked."""
