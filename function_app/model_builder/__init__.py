"""From a fitted model to a model package: `sluice model build`, `sluice model check`, and `sluice.package` in Python.

It runs where models are made, not where they are served: nothing in the control plane, the gateway or a scoring
process imports it.
"""
