"""Ed25519: approval links, their proofs, and operators' commands."""
