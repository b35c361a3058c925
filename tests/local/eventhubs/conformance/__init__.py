"""What the real SDK must see, whichever server it talks to.

Against the official container or Azure: set `SLUICE_TEST_EVENTHUBS` to a namespace connection string (rights
Send and Listen). The namespace must hold the hubs `one`, `two` and `four` with that many partitions and the consumer
group `extra` on each. No test expects a hub to be empty.
"""
