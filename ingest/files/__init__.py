"""Spreadsheets as a door: CSV and Excel files become ordinary messages, row by row and in constant memory."""
