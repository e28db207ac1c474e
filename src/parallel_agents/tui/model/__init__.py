"""What the screen knows and can do, without a widget."""
