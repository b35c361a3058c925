"""The scoring app's own server: `python -m function_app.scoring.serve`, for containers and for the lowest latency.

Imports inside are relative: deployed alone, the app's folder is the root and this is `python -m serve`.
"""
