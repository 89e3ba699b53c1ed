ALTER TABLE sessions ADD CONSTRAINT sessions_calls_do_not_overlap EXCLUDE USING gist (
    int8range(customer_id, customer_id, '[]') WITH &&,
    tstzrange(created_at, expires_at) WITH &&
) WHERE (data ->> 'kind' = 'call');
