// Which origin answers what.
import { app } from './app.mjs';
import { dispatch } from './answering.mjs';
import { bearer } from './bearer.mjs';
import { events } from './events.mjs';
import { forum } from './forum.mjs';
import { elsewhere, keys } from './keys.mjs';
import { limits } from './limits.mjs';
import { sigv4 } from './sigv4.mjs';

export function routes(origins, secrets) {
  const away = elsewhere(origins, secrets);
  const aws = sigv4(secrets);
  const rooms = [forum(secrets), events(secrets), limits(secrets), app(secrets)];
  const api = Object.assign(
    { 'GET /callback': (call) => call.send(200, call.query.has('code') ? '<p>Logged in.</p>' : '<p>Not logged in.</p>') },
    bearer(origins, secrets),
    keys(origins, secrets),
    away.api,
    aws.api,
    ...rooms.map((room) => room.table),
  );
  return {
    api: dispatch(api),
    files: dispatch(away.files),
    aws: dispatch(aws.aws),
    forget: () => [...rooms, aws].forEach((room) => room.forget()),
  };
}
