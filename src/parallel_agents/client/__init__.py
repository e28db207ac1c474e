"""The client's end of the socket, shared by the screen and the command line."""
