"""Dead letters as hub `dead-letter` holds them."""
