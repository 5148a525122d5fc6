import { formatByteSize } from '../../kernel/byte-size.ts';
import { formatDuration } from '../../kernel/duration.ts';

/** Everything that the demo says to a person. */
export const demoTexts = {
  title: 'entrepôt demo: push once, land everywhere, pull from the registry that was chosen.\n',
  world: (urls: Readonly<Record<string, string>>, distances: Readonly<Record<string, { delayMs: number; bytesPerSecond: number }>>) =>
    [
      'On this machine, each registry behind a link of its own:',
      ...Object.entries(urls).map(([name, url]) => {
        const distance = distances[name];
        const how = distance === undefined ? 'next door' : `${distance.delayMs * 2} ms round trip, ${formatByteSize(distance.bytesPerSecond)}/s`;
        return `  ${name.padEnd(16)}${url.padEnd(26)}${how}`;
      }),
      '',
    ].join('\n'),
  madeImage: (image: string, bytes: number, layers: number) => `CI built ${image}: ${formatByteSize(bytes)} in ${layers} blobs for linux/amd64 and linux/arm64, and pushed it to the origin.`,
  service: (url: string, pid: number) => `entrepôt serves ${url} (process ${pid}).`,
  pushed: (id: string, targets: readonly string[]) => `CI asked for it to be distributed (POST /v1/pushes): ${id} to ${targets.join(' and ')}.`,
  killing: (registry: string, done: string, percent: number) => `At ${percent} % of the way to ${registry} (${done} sent) the service is killed: kill -9.`,
  restarted: (pid: number) => `Started again (process ${pid}). It goes on where the registries' upload sessions stand.`,
  leg: (leg: { registry: string; bytesSent: number; bytesResent: number; bytesTotal: number; attempts: number; elapsedMs: number }) =>
    `  ${leg.registry.padEnd(16)}placed after ${formatDuration(leg.elapsedMs)}: ${formatByteSize(leg.bytesSent)} sent for ${formatByteSize(leg.bytesTotal)}, ${formatByteSize(leg.bytesResent)} of it twice, ${leg.attempts} attempt${leg.attempts === 1 ? '' : 's'}`,
  resolved: 'Where do the clusters pull it from?',
  answer: (cluster: string, reference: string, state: string) => `  ${cluster.padEnd(16)}${shorten(reference)}  (${state})`,
  choosing: (command: string) => `Ops move the image to another relay with one command:\n  $ ${command}`,
  meanwhile: (reference: string, reason: string) => `  Until it is there, us-east-prod keeps its answer: ${shorten(reference)}\n  (${reason})`,
  moved: (elapsedMs: number) => `After ${formatDuration(elapsedMs)} the image is whole at the new relay, and the answer has moved:`,
  checked: (bytes: number, reference: string) => `Pulled back from ${shorten(reference)}: ${formatByteSize(bytes)}, every byte as its digest says.`,
  done: (elapsedMs: number) => `Done in ${formatDuration(elapsedMs)}.`,
  kept: (urls: Readonly<Record<string, string>>, configPath: string) =>
    [
      'Left running, as asked; Ctrl-C ends it. Try:',
      `  curl -s '${urls.entrepot}/v1/resolve?image=team/app:1.2.3&cluster=us-east-prod'`,
      `  ENTREPOT_URL=${urls.entrepot} node bin/entrepot.js images team/app`,
      `  ${urls.entrepot}/docs`,
      `Configuration: ${configPath}`,
    ].join('\n'),
  failed: (step: string, detail: string) => `The demo failed while ${step}: ${detail}`,
} as const;

/** A digest's first twelve digits are enough to read. */
function shorten(reference: string): string {
  return reference.replace(/(@sha(?:256|512):[0-9a-f]{12})[0-9a-f]+/, '$1…');
}
