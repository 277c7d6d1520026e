"""A host that is played: the real Deploy, Roller, GoingBack and rollback run over real files, and at the outer edge a
small model of an engine, of its containers and of PostgreSQL answers. Every step has a name and can go wrong."""
