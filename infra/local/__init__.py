"""The same system on one machine: emulators and a Functions host that speak wire protocols only."""
