-- As a superuser, once: psql -v ON_ERROR_STOP=1 -f roles.sql. Passwords by \password afterwards.
-- The owner migrates; the program owns nothing, changes no table and switches no trigger off.
CREATE ROLE hailong_owner LOGIN;
CREATE ROLE hailong_app LOGIN;
CREATE ROLE hailong_backup LOGIN REPLICATION;
CREATE DATABASE hailong OWNER hailong_owner;
ALTER ROLE hailong_app SET statement_timeout = '30s';
ALTER ROLE hailong_app SET lock_timeout = '5s';
ALTER ROLE hailong_app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE hailong_owner SET lock_timeout = '2s';
