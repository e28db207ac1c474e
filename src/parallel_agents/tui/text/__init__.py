"""Styled text: from strings to the lines of a view."""
