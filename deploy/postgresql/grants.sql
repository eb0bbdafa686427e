-- As hailong_owner, after each migration: psql -d hailong -v ON_ERROR_STOP=1 -f grants.sql.
GRANT USAGE ON SCHEMA public TO hailong_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hailong_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO hailong_app;
-- Answers, the log and the audit trail are only added to, whatever a program with this role does.
REVOKE UPDATE, DELETE, TRUNCATE ON
    survey_response, survey_ledgerleaf, survey_ledgerhead, survey_ledgercosignature,
    survey_ledgerstamp, survey_auditevent, survey_flagreply
FROM hailong_app;
-- Locking a row for a revision asks for the right to change one column; the trigger refuses the change itself, and
-- lets through what breaks the order of rows at night (SET id = id).
GRANT UPDATE (id) ON survey_response TO hailong_app;
GRANT UPDATE (key_hash) ON survey_answerday TO hailong_app;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM hailong_app;
