"""debtors."""
