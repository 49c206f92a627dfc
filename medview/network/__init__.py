"""Another computer is asked: the only room that opens a connection, and only for what it is told to fetch."""
