"""All insights of a book, in the order in which they are shown."""

from __future__ import annotations

from services.ai.analysis.anomalies import anomalies
from services.ai.analysis.draft import Draft
from services.ai.analysis.savings import savings
from services.ai.analysis.subscriptions import subscription_drafts
from services.ai.analysis.trends import trends
from services.ai.book import Book


def insights(book: Book) -> list[Draft]:
    """Warnings first; within them anomalies, trends, savings, regular payments."""
    drafts = [*anomalies(book), *trends(book), *savings(book), *subscription_drafts(book)]
    return sorted(drafts, key=lambda one: one.severity != "warn")
