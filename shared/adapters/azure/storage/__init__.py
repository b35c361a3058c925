"""Azure Storage: tables and blobs of the product's own account."""
