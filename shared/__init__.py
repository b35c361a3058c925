"""What services share: the event catalogue, the ports, the reactor, and the adapters the apps pick."""
