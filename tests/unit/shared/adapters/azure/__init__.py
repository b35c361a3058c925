"""Adapters of Azure that need no Azure."""
