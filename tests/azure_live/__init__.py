"""The contract suites against Azure: `make test-azure`, as docs/testing-on-azure.md describes it.

Variables name what there is; the suites run there and nowhere else; what they made is removed, however the run ended.
"""
