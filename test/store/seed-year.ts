import Database from 'better-sqlite3';

export const DAY_MS = 24 * 3_600_000;

const NOTICE = JSON.stringify({ event: 'push.placed', outcome: 'placed', detail: '', at: 1, legs: [] });

export type Year = {
  /** The last of the days. */
  readonly endsAt: number;
  readonly days: number;
  readonly pushesADay: number;
};

/**
 * Fills a closed store with what a service remembers in so many days: pushes with two legs each (one in ten made by the
 * service itself), a sample of two registries each hour, audit entries, notices and uses.
 */
export function seedYear(file: string, { endsAt, days, pushesADay }: Year): void {
  const database = new Database(file);
  database.pragma('synchronous = OFF');
  database.pragma('foreign_keys = OFF');
  const statements = new Map<string, Database.Statement>();
  const add = (table: string, row: Readonly<Record<string, unknown>>) => {
    const columns = Object.keys(row);
    const sql = `insert or replace into ${table} (${columns.join()}) values (${columns.map((name) => `@${name}`).join()})`;
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    statement.run(row);
  };
  const figures = Buffer.alloc(600);
  const sample = Buffer.alloc(1_500);
  database.transaction(() => {
    for (let day = 0; day < days; day += 1) {
      const dayAt = endsAt - (days - day) * DAY_MS;
      for (let of = 1; of <= pushesADay; of += 1)
        addPush(add, day * pushesADay + of, dayAt + Math.floor((of * DAY_MS) / (pushesADay + 1)));
      for (let hour = 0; hour < 24; hour += 1)
        for (const registry of ['singapore', 'tokyo']) {
          const at = dayAt + hour * 3_600_000;
          const id = `smp_${at}_${registry}`;
          const benchmark = `bm_${String(day).padStart(5, '0')}`;
          const path = { campaign: benchmark, site: 'beijing', registry, leg: 'upload' };
          add('samples', { id, benchmark, registry, at, bytes: 1_000_000, sample, stands_in: 0 });
          add('measurements', {
            ...{ id, ...path, round: `${at}`, at, payload_bytes: 1_000_000, ok: 1, setup_seconds: 0.2, rate: 1e6 },
            ...{ suspect: 0, stalls: 0, jitter_ms: 1, idle_ms: 1, loaded_ms: 2 },
          });
          add('measured_hours', { ...path, payload_bytes: 1_000_000, hour_at: at, samples: 1, figures });
        }
      add('benchmarks', {
        ...{
          id: `bm_${String(day).padStart(5, '0')}`,
          state: 'finished',
          created_at: dayAt,
          finished_at: dayAt + DAY_MS,
        },
        ...{
          rounds_done: 24,
          plan_json: '{"rounds":24,"legs":["upload"],"registries":["singapore","tokyo"],"payloads":[1000000],"seed":1}',
        },
      });
    }
  })();
  database.close();
}

function addPush(add: (table: string, row: Readonly<Record<string, unknown>>) => void, n: number, at: number): void {
  const id = `push_${String(n).padStart(10, '0')}`;
  const isOwn = n % 10 === 0;
  const name = `team/app${n % 500}`;
  // Each tag is pushed twice: what it meant first is history.
  const tag = `v${Math.floor(n / 1_000)}`;
  const digest = `sha256:${n.toString(16).padStart(64, '0')}`;
  add('pushes', {
    ...{ id, name, tag, digest, source_kind: 'registry', source_reference: `harbor.bj/${name}:${tag}` },
    ...{ purpose: isOwn ? 'backfill' : 'release', origin: isOwn ? `choice:${name}#1` : null, state: 'placed' },
    ...{ unchanged: 0, created_at: at, finished_at: at + 60_000, deadline_at: at + 6 * 3_600_000, priority: 'normal' },
    ...{ platforms_json: '[]', referrers: 1, labels_json: '{"commit":"0123456789"}', bytes_landed: 1 },
  });
  for (const registry of ['aliyun', 'singapore'])
    add('transfers', {
      ...{ push_id: id, registry, role: 'relay', state: 'placed', digest, attempts: 1, placed_at: at + 60_000 },
      ...{ blobs_total: 5, blobs_done: 5, bytes_total: 1e8, bytes_sent: 1e8, bytes_resent: 0, blobs_restarted: 0 },
      ...{ bytes_saved_present: 0, bytes_saved_mounted: 0, name, tag, priority_rank: 1, push_created_at: at },
    });
  add('placements', {
    ...{
      name,
      source_digest: digest,
      registry: 'singapore',
      digest,
      rewritten_json: '[]',
      selection: 'platforms=;referrers=yes;attestations=keep',
    },
    ...{ placed_at: at, verified_at: at },
  });
  add('audit', { id: `aud_${id}`, at, who: 'ci', action: 'push.create', about: name, outcome: 'done', count: 1 });
  add('release_uses', { name, digest, cluster: 'us-east-prod', at });
  add('notice_deliveries', {
    ...{
      id: `msg_${id}`,
      receiver: 'team',
      event: 'push.placed',
      notice_json: NOTICE,
      state: 'delivered',
      attempts: 1,
    },
    ...{ created_at: at, deadline_at: at, delivered_at: at },
  });
  if (isOwn) {
    add('idempotency_keys', { key: id, body_hash: 'own', expires_at: Number.MAX_SAFE_INTEGER, push_id: id });
    return;
  }
  add('releases', { push_id: id, name, tag, digest, accepted_at: at, holds: 1 });
  add('tags', { name, tag, push_id: id, digest, accepted_at: at });
}
