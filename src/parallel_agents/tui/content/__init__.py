"""What the views show: a transcript and a diff, as blocks of lines."""
