"""One test for each kind of evidence, named as the file that shows it."""
