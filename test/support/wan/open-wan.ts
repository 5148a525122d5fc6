import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canRunWan } from './can-run-wan.ts';
import { compileEmulator, type Emulator, startEmulator } from './emulator.ts';
import { WAN_HOSTS, type WanHost, type WanLink, type WanWay, type WanWorld } from './wan-world.ts';

const run = promisify(execFile);

export type WanCount = { readonly packets: number; readonly bytes: number };
/** What became of the packets of one way; bytes are those of whole IP packets. */
export type WanTraffic = {
  readonly offered: WanCount;
  readonly delivered: WanCount;
  /** Vanished on the way, also while the link was cut. */
  readonly lost: WanCount;
  /** Dropped because the queue was full. */
  readonly refused: WanCount;
};

/** Regions as hosts of this machine with long links between them. Hosts know each other by name, in `/etc/hosts`. */
export type Wan = AsyncDisposable & {
  readonly world: WanWorld;
  /** The IPv4 address of a host, valid on all of them and nowhere else. */
  address(host: WanHost): string;
  /** The command that runs `command` on a host, for those who start processes themselves. */
  commandOn(host: WanHost, command: string, args: readonly string[]): readonly [string, ...string[]];
  /** Starts a program on a host. Its process id is that of the child; it ends with this process, or when the lab closes. */
  spawn(host: WanHost, command: string, args?: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Runs a program on a host to its end and answers what it printed; throws when it fails. */
  run(host: WanHost, command: string, args?: readonly string[], options?: { timeoutMs?: number }): Promise<string>;
  /** From now on every packet of the link vanishes; those under way still arrive. */
  cut(link: string): Promise<void>;
  mend(link: string): Promise<void>;
  /** Changes figures of a link while it is in use. */
  change(link: string, figures: Partial<WanWay>, way?: 'there' | 'back' | 'both'): Promise<void>;
  traffic(link: string): Promise<{ there: WanTraffic; back: WanTraffic }>;
  /** Ends every process on the hosts, and leaves nothing behind. */
  close(): Promise<void>;
};

/**
 * Builds a world. Its namespaces have no names: any number of laboratories can be open at the same time, and when the
 * process that opened one dies, whatever way, the kernel and the emulator take everything down.
 */
export async function openWan(world: WanWorld, options: { seed?: number } = {}): Promise<Wan> {
  const { can, missing } = canRunWan();
  if (!can) throw new Error(`the WAN laboratory cannot run here; missing: ${missing.join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-wan-'));
  let emulator: Emulator | undefined;
  try {
    const programs = await compileEmulator(folder);
    await allowCubic();
    const hostsFile = join(folder, 'hosts');
    await writeFile(hostsFile, formatHostsFile());
    emulator = await startEmulator(programs.emulator, folder, options.seed ?? 1);
    const wan = new OpenWan(world, emulator, programs.enter, hostsFile);
    await wan.build();
    return wan;
  } catch (error) {
    await emulator?.close();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

class OpenWan implements Wan {
  readonly world: WanWorld;
  readonly #emulator: Emulator;
  readonly #enter: string;
  readonly #hostsFile: string;
  readonly #descriptors = new Map<WanHost, string>();
  readonly #links = new Map<string, WanLink>();

  constructor(world: WanWorld, emulator: Emulator, enter: string, hostsFile: string) {
    this.world = world;
    this.#emulator = emulator;
    this.#enter = enter;
    this.#hostsFile = hostsFile;
  }

  async build(): Promise<void> {
    for (const host of WAN_HOSTS) {
      const [descriptor = ''] = await this.#emulator.ask('host');
      this.#descriptors.set(host, descriptor);
    }
    for (const [index, link] of this.world.links.entries()) {
      const [a, b] = link.ends.map((host) => this.#descriptors.get(host));
      await this.#emulator.ask(`link ${link.name} ${a} ${b} wan${index}`);
      await this.#shape(link);
    }
    await Promise.all(WAN_HOSTS.map((host) => this.run(host, 'sh', ['-ec', this.#setUpScript(host)])));
  }

  address(host: WanHost): string {
    return addressOf(host);
  }

  commandOn(host: WanHost, command: string, args: readonly string[]): readonly [string, ...string[]] {
    const namespace = `/proc/${this.#emulator.pid}/fd/${this.#descriptors.get(host)}`;
    return [this.#enter, namespace, this.#hostsFile, command, ...args];
  }

  spawn(host: WanHost, command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    const [program, ...rest] = this.commandOn(host, command, args);
    return spawn(program, rest, options);
  }

  async run(
    host: WanHost,
    command: string,
    args: readonly string[] = [],
    options: { timeoutMs?: number } = {},
  ): Promise<string> {
    const [program, ...rest] = this.commandOn(host, command, args);
    const { stdout } = await run(program, rest, { timeout: options.timeoutMs ?? 60_000, killSignal: 'SIGKILL' });
    return stdout;
  }

  async cut(link: string): Promise<void> {
    await this.#emulator.ask(`cut ${this.#get(link).name}`);
  }

  async mend(link: string): Promise<void> {
    await this.#emulator.ask(`mend ${this.#get(link).name}`);
  }

  async change(name: string, figures: Partial<WanWay>, way: 'there' | 'back' | 'both' = 'both'): Promise<void> {
    const link = this.#get(name);
    await this.#shape({
      ...link,
      there: way === 'back' ? link.there : { ...link.there, ...figures },
      back: way === 'there' ? link.back : { ...link.back, ...figures },
    });
  }

  async traffic(link: string): Promise<{ there: WanTraffic; back: WanTraffic }> {
    const figures = (await this.#emulator.ask(`traffic ${this.#get(link).name}`)).map(Number);
    return { there: parseTraffic(figures.slice(0, 8)), back: parseTraffic(figures.slice(8)) };
  }

  async close(): Promise<void> {
    await this.#emulator.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #get(name: string): WanLink {
    const link = this.#links.get(name);
    if (link === undefined) throw new Error(`${name} is none of the links: ${[...this.#links.keys()].join(', ')}`);
    return link;
  }

  async #shape(link: WanLink): Promise<void> {
    for (const [index, way] of [link.there, link.back].entries()) {
      const figures = [
        Math.round(way.delayMs * 1e6),
        Math.round(way.jitterMs * 1e6),
        way.lossPercent / 100,
        way.burstPackets,
        way.rateMbit * 1e6,
        Math.round(way.queueMs * 1e6),
      ];
      await this.#emulator.ask(`shape ${link.name} ${index} ${figures.join(' ')}`);
    }
    this.#links.set(link.name, link);
  }

  /** What makes a bare namespace a server as most are: cubic, windows that fit long paths, no memory of past ones. */
  #setUpScript(host: WanHost): string {
    const commands = ['link set lo up', `addr add ${addressOf(host)}/32 dev lo`];
    for (const [index, { ends }] of this.world.links.entries()) {
      const peer = ends[0] === host ? ends[1] : ends[0];
      if (!ends.includes(host)) continue;
      // The queues that a world asks for are the emulator's; the device's own must never be the one that is full.
      commands.push(`link set wan${index} mtu 1500 txqueuelen 20000 up`);
      commands.push(`route add ${addressOf(peer)}/32 dev wan${index} src ${addressOf(host)}`);
    }
    return `
      if [ -d /proc/sys/net/ipv6 ]; then echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
        for way in /proc/sys/net/ipv6/conf/wan*; do [ ! -e $way ] || echo 1 > $way/disable_ipv6; done; fi
      cd /proc/sys/net/ipv4
      echo cubic > tcp_congestion_control
      echo 1 > tcp_no_metrics_save
      echo 4096 131072 33554432 > tcp_rmem
      echo 4096 16384 33554432 > tcp_wmem
      ip -batch - <<'END'\n${commands.join('\n')}\nEND`;
  }
}

/**
 * A namespace may have as its default only what the machine allows to everybody, which some machines leave cubic out of
 * (ip-sysctl, `tcp_allowed_congestion_control`). It stays allowed: another laboratory may be open.
 */
async function allowCubic(): Promise<void> {
  const list = '/proc/sys/net/ipv4/tcp_allowed_congestion_control';
  const allowed = (await readFile(list, 'utf8')).trim();
  if (!allowed.split(/\s+/).includes('cubic')) await writeFile(list, `${allowed} cubic`);
}

/** Of the block that is set aside for measuring networks (RFC 2544, appendix C.2.2). */
function addressOf(host: WanHost): string {
  return `198.18.0.${WAN_HOSTS.indexOf(host) + 1}`;
}

function formatHostsFile(): string {
  return ['127.0.0.1 localhost', ...WAN_HOSTS.map((host) => `${addressOf(host)} ${host}`), ''].join('\n');
}

function parseTraffic(figures: readonly number[]): WanTraffic {
  const count = (at: number): WanCount => ({ packets: figures[at] ?? 0, bytes: figures[at + 1] ?? 0 });
  return { offered: count(0), delivered: count(2), lost: count(4), refused: count(6) };
}
