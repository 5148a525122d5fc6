// The WAN laboratory for people: `lab.ts up [WORLD]` holds it open until Ctrl-C or `down`; meanwhile, elsewhere,
// `exec HOST COMMAND…`, `cut LINK`, `mend LINK`, `change LINK FIGURE=VALUE… [there|back]`. `--lab NAME` tells several apart.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openWan, type Wan } from '../../../test/support/wan/open-wan.ts';
import { parseWanHost, WAN_HOSTS } from '../../../test/support/wan/wan-world.ts';
import { parseWanWorldName, WAN_WORLDS } from '../../../test/support/wan/wan-worlds.ts';

const USAGE =
  'lab.ts [--lab NAME] up [WORLD] | exec HOST COMMAND… | cut LINK | mend LINK | change LINK FIGURE=VALUE… [there|back] | down';

const FIGURES = ['delayMs', 'jitterMs', 'lossPercent', 'burstPackets', 'rateMbit', 'queueMs'];

const words = process.argv.slice(2);
const name = words[0] === '--lab' ? (words.splice(0, 2)[1] ?? '') : 'lab';
const folder = join(tmpdir(), `entrepot-wan-${process.getuid?.() ?? 0}-${name.replaceAll(/[^a-z0-9]/gi, '-')}`);
const socketPath = join(folder, 'control');
const [verb, ...rest] = words;

try {
  process.exitCode = await obey();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function obey(): Promise<number> {
  if (verb === 'up') return hold(rest[0] ?? 'day');
  if (verb === 'exec' && rest.length > 1) return execute(JSON.parse(await ask([verb, ...rest])));
  if (['cut', 'mend', 'change', 'down'].includes(verb ?? '')) {
    process.stderr.write(await ask([verb ?? '', ...rest]));
    return 0;
  }
  process.stderr.write(`${USAGE}\n`);
  return 2;
}

/** Keeps a laboratory open and takes orders for it, until it is told to end. */
async function hold(worldName: string): Promise<number> {
  const world = WAN_WORLDS[parseWanWorldName(worldName)];
  if ((await ask(['hello']).catch(() => undefined)) !== undefined)
    throw new Error(`the laboratory ${name} is up already`);
  await using wan = await openWan(world);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const over = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    text(socket)
      .then((order) => follow(wan, JSON.parse(order), over.resolve))
      .then(
        (answer) => socket.end(JSON.stringify({ answer })),
        (error: unknown) => socket.end(JSON.stringify({ problem: String(error) })),
      );
  });
  try {
    await once(server.listen(socketPath), 'listening');
    for (const host of WAN_HOSTS) process.stderr.write(`${wan.address(host)}  ${host}\n`);
    for (const { name: link, ends } of world.links) process.stderr.write(`${link.padEnd(8)}  ${ends.join(' – ')}\n`);
    process.stderr.write(`${world.name} is up; Ctrl-C or "down" ends it\n`);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, over.resolve);
    await over.promise;
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
}

async function follow(wan: Wan, order: readonly string[], end: () => void): Promise<string> {
  const [what, subject = '', ...figures] = order;
  if (what === 'exec') return JSON.stringify(wan.commandOn(parseWanHost(subject), figures[0] ?? '', figures.slice(1)));
  if (what === 'cut') await wan.cut(subject);
  if (what === 'mend') await wan.mend(subject);
  if (what === 'change') {
    const way = figures.find((word) => word === 'there' || word === 'back') ?? 'both';
    await wan.change(subject, parseFigures(figures.filter((word) => word !== way)), way);
  }
  if (what === 'down') end();
  return '';
}

function parseFigures(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((figure) => {
      const [key = '', value = ''] = figure.split('=');
      const number = Number(value);
      if (FIGURES.includes(key) && value !== '' && number >= 0) return [key, number];
      throw new Error(`${figure} is not FIGURE=VALUE with one of ${FIGURES.join(', ')}`);
    }),
  );
}

async function ask(order: readonly string[]): Promise<string> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw new Error(`no laboratory ${name} is up`, { cause });
  }
  socket.end(JSON.stringify(order));
  const { answer, problem } = JSON.parse(await text(socket)) as { answer?: string; problem?: string };
  if (answer === undefined) throw new Error(problem);
  return answer;
}

async function execute([program = '', ...args]: string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code, signal] = await once(child, 'exit');
  return signal === null ? code : 1;
}
