"""Keys that open nothing."""

STORAGE_ACCOUNT_FAKE_KEY = "bm8ga2V5IGF0IGFsbA=="
