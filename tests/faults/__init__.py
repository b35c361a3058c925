"""Kills, outages and duplicates against the real control process; lost and doubled are counted at the receivers."""
