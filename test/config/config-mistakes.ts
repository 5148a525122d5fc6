import { parseConfig } from '../../src/config/load-config.ts';
import { Failure } from '../../src/kernel/failure.ts';

/** The smallest valid file, with more YAML after it. */
export function smallConfig(more = ''): string {
  return `registries:
  home: { kind: oci, role: home, region: cn-beijing, url: "https://home.example" }
  relay: { kind: oci, role: relay, region: ap-southeast-1, url: "https://relay.example" }
  off: { kind: oci, role: relay, region: us-west-2, url: "https://off.example", enabled: false }
sites: { beijing: { service: true }, us-east: {} }
${more}`;
}

/** The smallest valid file with one registry `r` of these keys besides its role. */
export function registryConfig(keys: string): string {
  return `registries:\n  r: { role: relay, ${keys} }\nsites: { beijing: { service: true }, us-east: {} }\n`;
}

/** What a text is refused with; throws when it is accepted or refused otherwise. */
export function getFailure(text: string, path = 'c.yaml'): Failure {
  try {
    parseConfig(text, path);
  } catch (error) {
    if (error instanceof Failure && error.code === 'config_invalid') return error;
    throw error;
  }
  throw new Error('the text was accepted');
}

/** The mistakes of a text, each as `line:column path: detail`. */
export function listMistakes(text: string): string[] {
  const prefix = /^c\.yaml:(\d+:\d+) /;
  return (getFailure(text).details.errors ?? []).map(({ path, detail }) => {
    const position = prefix.exec(detail)?.[1] ?? 'nowhere';
    return `${position} ${path}: ${detail.replace(prefix, '')}`;
  });
}
