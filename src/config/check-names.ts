import type { Mistake } from './mistake.ts';
import { findNameMistake, type NameForm } from './name-forms.ts';
import type { RawDocument } from './raw-document.ts';

const FORMS = {
  registries: 'name',
  sources: 'host',
  sites: 'name',
  clusters: 'name',
  choices: 'pattern',
  standby: 'pattern',
  distribute: 'pattern',
  follow: 'pattern',
  schedules: 'name',
  oidc: 'name',
} as const satisfies Record<Exclude<keyof RawDocument, 'tls'>, NameForm>;

const BLOCKS = [
  'registries',
  'sources',
  'sites',
  'clusters',
  'choices',
  'standby',
  'distribute',
  'follow',
  'schedules',
  'oidc',
] as const;

const PARENTS: Partial<Record<(typeof BLOCKS)[number], string>> = {
  follow: 'recommendation',
  schedules: 'measuring',
  oidc: 'access',
};

/** Is what the file names named in a form that URLs, references and patterns can hold? */
export function checkNames(raw: RawDocument): Mistake[] {
  return BLOCKS.flatMap((block) =>
    [...raw[block].keys()].flatMap((name): Mistake[] => {
      const detail = findNameMistake(FORMS[block], name);
      const parent = PARENTS[block];
      const path = parent === undefined ? [block, name] : [parent, block, name];
      return detail === undefined ? [] : [{ path, detail, at: 'key' }];
    }),
  );
}
