"""The outside world behind the ports. Only composition roots and tests import from here."""
