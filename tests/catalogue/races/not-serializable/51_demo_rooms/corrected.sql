ALTER TABLE sessions ADD CONSTRAINT one_per_room EXCLUDE USING gist (
    int4range((data->>'room')::int, (data->>'room')::int, '[]') WITH &&,
    tstzrange(created_at, expires_at) WITH &&
) WHERE (data ? 'room');
