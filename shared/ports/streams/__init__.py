"""What goes out to the hubs, and what is read back from them."""
