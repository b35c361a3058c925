"""The Azure templates, checked without Azure."""
