"""The durable log: one directory of segment files per hub partition.

An append is one `write`, so whatever was acknowledged survives SIGKILL under every fsync policy; the policy decides
what a power cut may take (see `durability`). Readers see an event as soon as it is appended.
"""
