SELECT to_regclass('kept') IS NULL AS missing \gset
\if :missing
  CREATE TABLE kept (version text);
\endif
