"""`sluice doctor`: is all there that Sluice needs, may it be reached, and does it move? Looks, and changes nothing.

Each module of `checks` is one check, and found by being there. Only `mending` changes anything, and only when asked.
"""
