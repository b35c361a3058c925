"""How things stand: read from storage at one moment, for `sluice status` and the lists."""
