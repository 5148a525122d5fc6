import { formatByteSize } from '../../kernel/byte-size.ts';
import { formatDuration } from '../../kernel/duration.ts';

type Link = { readonly delayMs: number; readonly bytesPerSecond: number };

/** Everything that the demo says to a person. */
export const demoTexts = {
  title: 'entrepôt demo: push once, land everywhere, pull from the registry that was chosen.\n',
  world: (
    urls: Readonly<Record<string, string>>,
    distances: Readonly<Record<string, Link>>,
    onward: Readonly<Record<string, Link | undefined>>,
    roles: Readonly<Record<string, string>>,
  ) =>
    [
      'All of it runs on this machine, each registry behind a link with a distance of its own:',
      ...Object.entries(urls).map(([name, url]) => {
        const distance = distances[name];
        const how =
          distance === undefined
            ? 'next door'
            : `${distance.delayMs * 2} ms round trip, ${formatByteSize(distance.bytesPerSecond)}/s`;
        const further = onward[name] === undefined ? '' : `, ${onward[name].delayMs * 2} ms from us-east`;
        return `  ${name.padEnd(16)}${url.padEnd(26)}${how.padEnd(30)}${roles[name] ?? ''}${further}`.trimEnd();
      }),
    ].join('\n'),
  roles: {
    origin: 'where CI puts what it builds',
    home: 'home: every image comes here',
    relay: 'relay',
    chosenRelay: 'relay, chosen for all images so far',
  },
  making: '\n1. CI builds an image (compressing takes a few seconds) …',
  madeImage: (image: string, bytes: number, layers: number) =>
    `   ${image}: ${formatByteSize(bytes)} in ${layers} layers for linux/amd64 and linux/arm64, pushed to the origin.`,
  starting: '\n2. CI asks entrepôt to distribute it.',
  service: (url: string, pid: number) => `   entrepôt serves ${url} (process ${pid}).`,
  pushed: (id: string, targets: readonly string[]) =>
    `   POST /v1/pushes: accepted as ${id}, to ${targets.join(' and ')}.`,
  killing: (registry: string, done: string, percent: number) =>
    `   At ${percent} % of the way to ${registry} (${done} sent) the service is killed: kill -9.`,
  restarted: (pid: number) =>
    `   Started again (process ${pid}): it goes on where the registries' upload sessions stand.`,
  leg: (leg: { registry: string; bytesResent: number; bytesTotal: number; attempts: number; elapsedMs: number }) =>
    `   ${leg.registry.padEnd(16)}whole and verified after ${formatDuration(leg.elapsedMs)}: ${formatByteSize(leg.bytesTotal)}, ${formatByteSize(leg.bytesResent)} of it sent twice, ${leg.attempts} attempt${leg.attempts === 1 ? '' : 's'}`,
  resolved: '\n3. Where do the clusters pull it from? (GET /v1/resolve)',
  answer: (cluster: string, reference: string, registry: string, state: string) =>
    `   ${cluster.padEnd(16)}${shorten(reference)}  ${registry}, ${state}`,
  measuring: (agentPid: number, command: string) =>
    `\n4. Korea was chosen because it is near. Is it the right one? Ops measure each relay in six short rounds: up from\n   here, and down by an agent beside the clusters at us-east (process ${agentPid}).\n   $ ${command}`,
  measured: (samples: number, payload: string) =>
    `   ${samples} samples. What was uploaded is gone again, but for the ${payload} at each relay that the agent pulled. What do they say?`,
  command: (command: string) => `   $ ${command}`,
  choosing: (command: string) => `\n5. Ops take the advice, provisional as it is, with one command.\n   $ ${command}`,
  meanwhile: (reference: string, reason: string) =>
    `   Meanwhile us-east-prod is still sent to ${shorten(reference)}\n   because ${reason}.`,
  moved: (elapsedMs: number) =>
    `   After ${formatDuration(elapsedMs)} it is whole and verified there, and the answer has moved:`,
  checking: '\n6. The cluster pulls it.',
  checked: (bytes: number, reference: string) =>
    `   ${formatByteSize(bytes)} from ${shorten(reference)}, every byte as its digest says.`,
  done: (elapsedMs: number) => `\nDone in ${formatDuration(elapsedMs)}.`,
  hint: 'To try it by hand: npm run demo -- --keep',
  tokenCommand: (path: string, isPreset: boolean) => (isPreset ? '$ENTREPOT_ADMIN_TOKEN' : `$(cat ${path})`),
  kept: (urls: Readonly<Record<string, string>>, configPath: string, tokenCommand: string) =>
    [
      'Left running, as asked; Ctrl-C ends it and removes it. In another terminal:',
      `  export ENTREPOT_URL=${urls.entrepot} ENTREPOT_TOKEN=${tokenCommand}`,
      '  node bin/entrepot.js images team/app',
      '  node bin/entrepot.js resolve team/app:1.2.3 --cluster us-east-prod',
      '  node bin/entrepot.js choose team/app korea --reason "trying korea" --wait',
      '  node bin/entrepot.js push team/web:7 --from harbor.bj/team/app:1.2.3',
      `The API's page: ${urls.entrepot}/docs`,
      `The configuration: ${configPath}`,
    ].join('\n'),
  interrupted: (signal: string) => `\nEnded by ${signal}; nothing is left behind.`,
  failed: (step: string, detail: string) => `\nThe demo failed while ${step}: ${detail}`,
  lastLog: (lines: readonly string[]) =>
    ['The last that the service complained of:', ...lines.map((line) => `  ${line}`)].join('\n'),
} as const;

/** A digest's first twelve digits are enough to read. */
function shorten(reference: string): string {
  return reference.replace(/(@sha(?:256|512):[0-9a-f]{12})[0-9a-f]+/, '$1…');
}
