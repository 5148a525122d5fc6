import { randomUUID } from 'node:crypto';
import { parseRelease } from '../../oci/reference.ts';
import { createPush, uploadArchive } from '../api-calls.ts';
import type { ApiClient } from '../api-client.ts';
import type { Push } from '../api-schema.ts';
import { openArchive } from '../archive-input.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { archiveQuery, newPushBody } from '../new-push-request.ts';
import type { PushOptions } from '../push-options.ts';
import { openUploadProgress } from '../upload-progress.ts';
import { usageFailure } from '../usage-failure.ts';
import { openWait } from '../wait.ts';
import { watchToEnd } from '../watch-to-end.ts';

const DEFAULT_TIMEOUT_MS = 30 * 60_000;

export async function runPush(context: CliContext, image: string, options: PushOptions): Promise<number> {
  const { io, texts, json, out, err } = context;
  parseRelease(image);
  if ((options.from === undefined) === (options.archive === undefined)) throw usageFailure(texts.usage.fromOrArchive);

  const client = await context.openClient();
  let push: Push;
  {
    using wait = openWait(io, undefined);
    try {
      push = await sendPush(context, client, image, options, wait.signal);
    } catch (error) {
      if (!wait.signal.aborted) throw error;
      if (!json) err.print(texts.summary.interruptedEarly);
      return EXIT_STATUS.interrupted;
    }
  }
  if (!options.wait) {
    if (json) out.printJson(push);
    else {
      out.print(push.id);
      err.print(texts.progress.accepted(push.image, push.id), texts.summary.watchHint(push.id));
    }
    return EXIT_STATUS.done;
  }
  if (!json && !push.unchanged) err.print(texts.progress.accepted(push.image, push.id));
  return watchToEnd(context, client, push, options.timeout ?? DEFAULT_TIMEOUT_MS);
}

async function sendPush(
  context: CliContext,
  client: ApiClient,
  image: string,
  options: PushOptions,
  signal: AbortSignal,
): Promise<Push> {
  const { from: source, archive: file, idempotencyKey } = options;
  if (source !== undefined) {
    // With a key of its own a push may be sent again when its answer got lost.
    return createPush(client, newPushBody(image, source, options), idempotencyKey ?? randomUUID(), { signal });
  }
  await using archive = await openArchive(context, file ?? '-');
  using progress = openUploadProgress(context, archive.sizeBytes);
  const upload = {
    query: archiveQuery(image, options),
    archive: progress.count(archive.bytes),
    sizeBytes: archive.sizeBytes,
    idempotencyKey,
  };
  return await uploadArchive(client, upload, { signal });
}
