"""One folder for each reason to react. No service knows a vendor, or another service."""
