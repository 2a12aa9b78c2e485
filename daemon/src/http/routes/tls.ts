// The certificate of HTTPS and SIP over TLS.
import { AcmePlan, TlsState, TlsUpload } from '../../contract/index.js';
import { audit } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const common = { tag: 'System', needs: 'settings.edit' } as const;
const ACME_ERRORS = [
  ...(['tls_busy', 'tls_acme_port', 'tls_acme_unreachable', 'tls_acme_refused', 'tls_acme_challenge'] as const),
] as const;

export function tlsRoutes({ clock, db, ports }: HttpContext): Route[] {
  const { tls } = ports.box;
  const note = (identity: Identity, after: object): Promise<void> =>
    db.write((tx) =>
      audit(tx, clock.wallMs(), identity, { action: 'changed', objectKind: 'settings', objectId: 'tls', after }),
    );
  return [
    route({
      ...{ method: 'get', path: '/tls', tag: 'System', needs: 'settings.view', reply: TlsState },
      summary: 'The certificate in force, until when, and where the next one comes from',
      handle: ({ language }) => tls.state(language),
    }),
    route({
      ...{ method: 'get', path: '/tls/certificate', tag: 'System', needs: 'settings.view' },
      summary: 'The certificate, PEM: for those who are to believe it by name',
      replyType: 'application/x-pem-file',
      handle: () => tls.certificate(),
    }),
    route({
      ...common,
      method: 'put',
      path: '/tls/certificate',
      summary: 'Show this one from now on, without a restart',
      body: TlsUpload,
      reply: TlsState,
      errors: [
        ...(['tls_certificate_bad', 'tls_key_bad', 'tls_key_encrypted', 'tls_key_foreign', 'tls_key_weak'] as const),
        ...(['tls_chain_broken', 'tls_expired', 'tls_not_yet', 'tls_names_none', 'tls_names_foreign'] as const),
      ],
      async handle({ body, identity, language }) {
        tls.upload(body);
        const state = tls.state(language);
        await note(identity, { source: 'uploaded', fingerprint: state.fingerprint });
        return state;
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/tls/certificate',
      summary: 'Make another one of its own and show that',
      async handle({ identity }) {
        tls.makeOwn();
        await note(identity, { source: 'own' });
      },
    }),
    route({
      ...common,
      method: 'put',
      path: '/tls/acme',
      summary:
        'Ask an authority for a certificate (RFC 8555), and again whenever it is to end; answers when it has given one',
      body: AcmePlan,
      reply: TlsState,
      errors: ACME_ERRORS,
      async handle({ body, identity, language }) {
        await tls.setAcme(body);
        const { authority: _authority, ...shown } = body;
        await note(identity, { source: 'acme', ...shown, names: body.names.join(', ') });
        return tls.state(language);
      },
    }),
    route({
      ...common,
      method: 'post',
      path: '/tls/acme/renew',
      summary: 'Ask for another one at once',
      reply: TlsState,
      errors: ['tls_acme_none', ...ACME_ERRORS],
      async handle({ language }) {
        await tls.renew();
        return tls.state(language);
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/tls/acme',
      summary: 'Ask no more; the certificate stays until it ends',
      async handle({ identity }) {
        tls.endAcme();
        await note(identity, { acme: null });
      },
    }),
  ];
}
