"""Model packages, what is served of them, and what is scored with them."""
