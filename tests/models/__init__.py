"""Models of other libraries, fitted on real data: built, checked, and answered as their own libraries answer."""
