"""Jobs: submitted, queued, really run as processes, cancelled, and followed."""
