/** A mapping as it was written, checked for nothing yet. */
export type RawFields = ReadonlyMap<string, unknown>;

/**
 * The blocks of the file that name each other, as far as they can be read. The checks of one part against another
 * work on this, so that they report their mistakes in the same run as the schema reports its own.
 */
export type RawDocument = {
  readonly registries: ReadonlyMap<string, RawFields>;
  readonly sources: ReadonlyMap<string, RawFields>;
  readonly sites: ReadonlyMap<string, RawFields>;
  readonly clusters: ReadonlyMap<string, RawFields>;
  readonly choices: RawFields;
  readonly standby: RawFields;
  readonly distribute: RawFields;
  /** Of `recommendation`. */
  readonly follow: RawFields;
  /** Of `measuring`. */
  readonly schedules: ReadonlyMap<string, RawFields>;
  /** Of `access`. */
  readonly oidc: RawFields;
  readonly tls: RawFields;
};

export function toRawDocument(value: unknown): RawDocument {
  const root = fieldsOf(value);
  const mappings = (key: string, fields = root): ReadonlyMap<string, RawFields> =>
    new Map([...fieldsOf(fields.get(key))].map(([name, entry]) => [name, fieldsOf(entry)]));
  return {
    registries: mappings('registries'),
    sources: mappings('sources'),
    sites: mappings('sites'),
    clusters: mappings('clusters'),
    choices: fieldsOf(root.get('choices')),
    standby: fieldsOf(root.get('standby')),
    distribute: fieldsOf(root.get('distribute')),
    follow: fieldsOf(fieldsOf(root.get('recommendation')).get('follow')),
    schedules: mappings('schedules', fieldsOf(root.get('measuring'))),
    oidc: fieldsOf(fieldsOf(root.get('access')).get('oidc')),
    tls: fieldsOf(root.get('tls')),
  };
}

/** The entries of a mapping; none when the value is anything else. */
export function fieldsOf(value: unknown): RawFields {
  return new Map(isMapping(value) ? Object.entries(value) : []);
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
