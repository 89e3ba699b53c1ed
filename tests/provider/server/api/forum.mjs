// A site with a login form: a session cookie, and a token in each form that is good for one POST.
import { randomBytes } from 'node:crypto';

import * as clock from '../clock.mjs';

const LIFETIME = 1800;
const fresh = () => randomBytes(18).toString('base64url');

export function forum(secrets) {
  const sessions = new Map();

  const cookieOf = (call) => /(?:^|; )sid=([^;]+)/.exec(call.headers.cookie ?? '')?.[1];
  const current = (call) => {
    const session = sessions.get(cookieOf(call));
    return session && session.until > clock.seconds() ? session : undefined;
  };
  const begin = (user) => {
    const session = { sid: fresh(), csrf: fresh(), user, until: clock.seconds() + LIFETIME, notes: [] };
    sessions.set(session.sid, session);
    return session;
  };
  const cookie = ({ sid }) => ({ 'set-cookie': `sid=${sid}; Path=/; HttpOnly; Max-Age=${LIFETIME}` });
  const form = (action, { csrf }, fields) =>
    `<form method="post" action="${action}"><input type="hidden" name="csrf_token" value="${csrf}">${fields}</form>`;
  const input = (name) => `<input name="${name}">`;

  /** Takes the form's token: it is good once. */
  const genuine = (call, session) => {
    const good = session !== undefined && call.form.get('csrf_token') === session.csrf;
    if (good) session.csrf = fresh();
    return good;
  };
  const member = (answer) => (call) => {
    const session = current(call);
    if (!session?.user) return call.refuse(302, 'login_required', { location: '/login' }, undefined);
    return answer(call, session);
  };

  const table = {
    'GET /login': (call) => {
      const session = current(call) ?? begin('');
      return call.send(200, `<h1>Log in</h1>${form('/login', session, input('user') + input('password'))}`, cookie(session));
    },
    'POST /login': (call) => {
      const session = current(call);
      if (!genuine(call, session)) return call.refuse(403, 'csrf');
      const right = call.form.get('user') === secrets.FORUM_USER && call.form.get('password') === secrets.FORUM_PASSWORD;
      if (!right) return call.refuse(401, 'wrong_password');
      // A new session: what was known before the login is worth nothing after it.
      sessions.delete(session.sid);
      return call.send(303, undefined, { location: '/notes', ...cookie(begin(secrets.FORUM_USER)) });
    },
    'GET /notes': member((call, session) => {
      const notes = session.notes.map((note) => `<li>${note.replace(/[<&]/g, '')}</li>`).join('');
      return call.send(200, `<ul>${notes}</ul>${form('/notes', session, input('text'))}`);
    }),
    'POST /notes': member((call, session) => {
      if (!genuine(call, session)) return call.refuse(403, 'csrf');
      session.notes.push(call.form.get('text') ?? '');
      return call.send(303, undefined, { location: '/notes' });
    }),
    'POST /logout': member((call, session) => {
      if (!genuine(call, session)) return call.refuse(403, 'csrf');
      sessions.delete(session.sid);
      return call.send(303, undefined, { location: '/login', 'set-cookie': 'sid=; Path=/; Max-Age=0' });
    }),
  };
  return { table, forget: () => sessions.clear() };
}
