"""Music to clients and wishes from them: messages, the socket server, one frame to all, the Python client."""
