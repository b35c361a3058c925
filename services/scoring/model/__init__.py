"""A version of a model, from its package's files to the table that says which version answers."""
