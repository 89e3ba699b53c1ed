"""The wire's sibling: proxies on loopback before any other service, HTTP or plain TCP."""
