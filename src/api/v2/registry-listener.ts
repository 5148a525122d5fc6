import type { IncomingMessage, ServerResponse } from 'node:http';
import { isFailure } from '../../kernel/failure.ts';
import type { PieceStream } from '../../kernel/piece-stream.ts';
import { isRepositoryName, type RepositoryName } from '../../oci/repository-name.ts';
import { silentLog } from '../../telemetry/log.ts';
import { deleteBlob, readBlob } from './blob-read.ts';
import { answerFailure } from './failure-answer.ts';
import { deleteManifest, readManifest } from './manifest-read.ts';
import { writeManifest } from './manifest-write.ts';
import { listReferrers } from './referrer-list.ts';
import { openAccess, type RegistryScope } from './registry-access.ts';
import { answerJson, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall, RegistryChange, RegistryOptions, RegistrySettings } from './registry-settings.ts';
import { findRoute, type Route } from './route.ts';
import { sendBody } from './send-body.ts';
import { StallWatch } from './stall-watch.ts';
import { listTags } from './tag-list.ts';
import { appendUpload, cancelUpload, closeUpload, readUpload } from './upload-session.ts';
import { findMountSource, startUpload } from './upload-start.ts';

type Action = RegistryScope['actions'][number];
type Operation = {
  readonly actions: readonly Action[];
  run(call: RegistryCall, repository: RepositoryName): Promise<RegistryAnswer>;
};
type Operations = Readonly<Record<string, Operation>>;

/** How much of a body that nobody wants any more is read and dropped. */
const MAX_DRAINED_BYTES = 64 * 1024 * 1024;

/** Answers every request of the distribution protocol: give it those whose path is `/v2` or begins with `/v2/`. */
export type RegistryListener = {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Ends the listener's own timer; connections are the server's. */
  close(): void;
};

export function openRegistryListener(options: RegistryOptions): RegistryListener {
  const settings = fillDefaults(options);
  const stalls = new StallWatch(settings.stallTimeoutMs);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    stalls.watch(request, response);
    // What goes wrong with a connection is told by whoever reads or writes it; unheard it would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    answerRequest(settings, request)
      .catch((error: unknown) => {
        const { failure, answer } = answerFailure(error);
        if (failure.code === 'internal')
          settings.log.error({
            event: 'registry_request_failed',
            method: request.method,
            path: pathOf(request),
            error: failure.stack,
          });
        return answer;
      })
      .then((answer) => {
        drainRest(request);
        return sendAnswer(answer, response);
      })
      .catch((error: unknown) => {
        const isClientGone = request.destroyed || response.destroyed;
        response.destroy();
        // The client only sees its connection end: what was wrong, wrong bytes too, is said here or nowhere.
        if (!isClientGone) {
          settings.log.warn({
            event: 'registry_answer_failed',
            method: request.method,
            path: pathOf(request),
            ...(isFailure(error) ? { code: error.code, error: error.message } : { error: String(error) }),
          });
        }
      });
  };
  return Object.assign(listener, { close: () => stalls.close() });
}

function fillDefaults(options: RegistryOptions): RegistrySettings {
  return {
    storage: options.storage,
    log: options.log ?? silentLog,
    access: options.access ?? openAccess,
    referrers: options.referrers ?? true,
    createRepositories: options.createRepositories ?? true,
    anonymousMounts: options.anonymousMounts ?? true,
    storedName: options.storedName ?? ((spelt) => spelt),
    chunkMinBytes: options.chunkMinBytes ?? 0,
    referrersPageBytes: options.referrersPageBytes ?? 4_000_000,
    stallTimeoutMs: options.stallTimeoutMs ?? 60_000,
    redirectBlob: options.redirectBlob ?? (async () => undefined),
    checkManifest: options.checkManifest ?? (async () => undefined),
    manifestKept: options.manifestKept ?? (async () => ({})),
    changed: options.changed ?? (async () => {}),
  };
}

async function answerRequest(settings: RegistrySettings, request: IncomingMessage): Promise<RegistryAnswer> {
  const url = request.url ?? '/';
  const questionMark = url.indexOf('?');
  const query = new URLSearchParams(questionMark < 0 ? '' : url.slice(questionMark + 1));
  if (pathOf(request) === '/v2/token' && settings.access.issue !== undefined)
    return settings.access.issue(request, query);
  const route = findRoute(pathOf(request));
  if (route === undefined) return refuse('UNSUPPORTED', 'the distribution protocol has no such path', { status: 404 });
  const operations = findOperations(route, settings);
  const operation = operations[request.method ?? ''];
  if (operation === undefined) {
    return refuse('UNSUPPORTED', `${request.method} is not possible here`, {
      headers: { allow: Object.keys(operations).join(', ') },
    });
  }
  if (route.kind === 'ping') {
    const verdict = await settings.access.check({ request, required: undefined });
    return verdict.kind === 'refused' ? verdict.answer : answerJson(200, {});
  }
  if (!isRepositoryName(route.repository))
    return refuse('NAME_INVALID', `"${route.repository.slice(0, 160)}" is not a repository name`);
  const from = route.kind === 'uploads' && query.has('mount') ? findMountSource(query, settings) : undefined;
  const wished: RegistryScope | undefined = from === undefined ? undefined : { repository: from, actions: ['pull'] };
  const verdict = await settings.access.check({
    request,
    required: { repository: route.repository, actions: operation.actions },
    ...(wished === undefined ? {} : { wished }),
  });
  const answer =
    verdict.kind === 'refused'
      ? verdict.answer
      : await operation.run({ request, query, settings, wishGranted: verdict.wish }, route.repository);
  const change = findChange(route, request, operation, answer.status);
  if (change !== undefined) await settings.changed({ ...change, repository: route.repository });
  return answer;
}

/** What a request has changed, or was not allowed to: a manifest that was put, whatever was deleted, an upload refused. */
function findChange(
  route: Route,
  request: IncomingMessage,
  { actions }: Operation,
  status: number,
): Omit<RegistryChange, 'repository'> | undefined {
  const reference = route.kind === 'manifest' ? route.reference : route.kind === 'blob' ? route.digest : null;
  if (actions.includes('delete')) return status === 401 ? undefined : { request, action: 'delete', reference, status };
  if (!actions.includes('push')) return undefined;
  const isPut = route.kind === 'manifest' && status !== 401;
  return isPut || status === 403 ? { request, action: 'push', reference, status } : undefined;
}

/** What can be done with what a path speaks of, and the rights it needs. */
function findOperations(route: Route, settings: RegistrySettings): Operations {
  switch (route.kind) {
    case 'ping': {
      const ping: Operation = { actions: [], run: async () => answerJson(200, {}) };
      return { GET: ping, HEAD: ping };
    }
    case 'uploads':
      return { POST: { actions: ['pull', 'push'], run: startUpload } };
    case 'upload': {
      const { id } = route;
      return {
        GET: { actions: ['pull', 'push'], run: (call, name) => readUpload(call, name, id) },
        HEAD: { actions: ['pull', 'push'], run: (call, name) => readUpload(call, name, id) },
        PATCH: { actions: ['pull', 'push'], run: (call, name) => appendUpload(call, name, id) },
        PUT: { actions: ['pull', 'push'], run: (call, name) => closeUpload(call, name, id) },
        DELETE: { actions: ['pull', 'push'], run: (call, name) => cancelUpload(call, name, id) },
      };
    }
    case 'blob': {
      const { digest } = route;
      const read: Operation = { actions: ['pull'], run: (call, name) => readBlob(call, name, digest) };
      return {
        GET: read,
        HEAD: read,
        DELETE: { actions: ['delete'], run: (call, name) => deleteBlob(call, name, digest) },
      };
    }
    case 'manifest': {
      const { reference } = route;
      const read: Operation = { actions: ['pull'], run: (call, name) => readManifest(call, name, reference) };
      return {
        GET: read,
        HEAD: read,
        PUT: { actions: ['pull', 'push'], run: (call, name) => writeManifest(call, name, reference) },
        DELETE: { actions: ['delete'], run: (call, name) => deleteManifest(call, name, reference) },
      };
    }
    case 'tags':
      return { GET: { actions: ['pull'], run: listTags } };
    case 'referrers': {
      const { digest } = route;
      if (!settings.referrers)
        return {
          GET: {
            actions: ['pull'],
            run: async () => refuse('UNSUPPORTED', 'there is no referrers API here', { status: 404 }),
          },
        };
      return { GET: { actions: ['pull'], run: (call, name) => listReferrers(call, name, digest) } };
    }
  }
}

async function sendAnswer(answer: RegistryAnswer, response: ServerResponse): Promise<void> {
  const { body } = answer;
  if (response.destroyed) {
    if (isStream(body)) body.destroy();
    return;
  }
  response.writeHead(answer.status, { 'docker-distribution-api-version': 'registry/2.0', ...answer.headers });
  if (isStream(body)) await sendBody(body, response);
  else response.end(response.req.method === 'HEAD' ? undefined : body);
}

function isStream(body: RegistryAnswer['body']): body is PieceStream {
  return body !== undefined && !(body instanceof Uint8Array);
}

/**
 * Lets the rest of a body flow away when the answer came before its end: cutting the connection could cost the client
 * the answer. A client that goes on for too long is cut all the same.
 */
function drainRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let drainedBytes = 0;
  request.on('data', (chunk: Buffer) => {
    drainedBytes += chunk.byteLength;
    if (drainedBytes > MAX_DRAINED_BYTES) request.destroy();
  });
  request.resume();
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const questionMark = url.indexOf('?');
  return questionMark < 0 ? url : url.slice(0, questionMark);
}
