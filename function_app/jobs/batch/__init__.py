"""Scoring a file that was handed over (R042): in chunks, each written once, so that another attempt goes on."""
