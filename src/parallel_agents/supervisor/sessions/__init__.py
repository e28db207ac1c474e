"""Sessions as a person knows them: begun, used, deleted, brought back."""
