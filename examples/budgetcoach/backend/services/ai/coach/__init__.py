"""The local coach: understands a question by its words and answers with figures from the book."""
