"""What a decision costs and how fast it is, beside bare storage; what standing still costs."""
