"""A third agent: another protocol, other modes, no resume, no rules; it asks for files."""
