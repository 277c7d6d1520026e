"""Tests of the backend, against real PostgreSQL and RabbitMQ."""
