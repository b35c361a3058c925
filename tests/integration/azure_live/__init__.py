"""The run of `make test-azure`, on the local servers."""
