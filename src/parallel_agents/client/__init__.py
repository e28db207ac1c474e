"""The near end of the socket: what screen and command line share."""
