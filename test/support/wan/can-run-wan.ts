import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Bits of the capability mask (linux/capability.h).
const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

export type WanAbility = {
  readonly can: boolean /** What is missing, in words. */;
  readonly missing: readonly string[];
};

/** Can this machine, and this user, run the WAN laboratory? */
export function canRunWan(): WanAbility {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push('Linux');
  else {
    if (!isRoot()) missing.push('root with CAP_SYS_ADMIN and CAP_NET_ADMIN');
    if (!isUsable('/dev/net/tun')) missing.push('/dev/net/tun');
    if (!hasProgram('ip')) missing.push('ip (the package iproute2)');
    if (!hasProgram('cc')) missing.push('cc (a C compiler)');
  }
  return { can: missing.length === 0, missing };
}

/** Does the kernel have the congestion control algorithm? Root may choose it whether or not others may. */
export function hasCongestionControl(algorithm: string): boolean {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8');
    return text.trim().split(/\s+/).includes(algorithm);
  } catch {
    return false;
  }
}

/** Is there such a program on the PATH? */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function isRoot(): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const held = BigInt(`0x${mask}`);
  return [CAP_NET_ADMIN, CAP_SYS_ADMIN].every((bit) => (held >> bit) & 1n);
}

function isUsable(device: string): boolean {
  try {
    closeSync(openSync(device, 'r+'));
    return true;
  } catch {
    return false;
  }
}
