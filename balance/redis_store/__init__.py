"""The store that keeps the truth in Redis or Valkey."""
