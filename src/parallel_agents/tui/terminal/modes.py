"""What letters mean on a screen: commands, or text."""


class Modes:
    """What letters mean on a screen; by default it leaves every key to its widgets."""

    def commanding(self) -> bool:
        """Whether letters outside text fields are commands."""
        return False

    def means(self, key: str) -> bool:
        """Whether a key has a command; `key` is its name as Textual has it."""
        return True

    def alone(self, character: str) -> bool:
        """Whether a command counts only when its letter is pressed by itself."""
        return False

    def choice(self, character: str) -> bool:
        """Whether a letter in a text field, pressed by itself, is a command."""
        return False

    def typed(self, text: str) -> None:
        """Take a text that was typed or pasted where letters are commands."""

    def dropped(self, character: str) -> None:
        """Note that a letter did nothing, because it was not pressed by itself."""

    def chosen(self, character: str) -> None:
        """Carry out a letter that was pressed by itself in a text field."""
