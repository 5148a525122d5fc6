// Rows of what is measured, as the database has them.

export type MeasurementRow = {
  id: string;
  campaign: string;
  site: string;
  registry: string;
  leg: string;
  round: string;
  at: number;
  payloadBytes: number;
  ok: number;
  setupSeconds: number;
  rate: number | null;
  suspect: number;
  stalls: number;
  jitterMs: number | null;
  idleMs: number | null;
  loadedMs: number | null;
  congestionControl?: string | null;
};

export type MeasuredHourRow = {
  campaign: string;
  site: string;
  registry: string;
  leg: string;
  payloadBytes: number;
  hourAt: number;
  samples: number;
  figures: Uint8Array;
};

export type BenchmarkRow = {
  id: string;
  state: string;
  createdAt: number;
  finishedAt: number | null;
  roundsDone: number;
  planJson: string;
};

export type SampleRow = {
  id: string;
  benchmark: string;
  registry: string;
  at: number;
  bytes: number;
  sample: Uint8Array;
  standsIn?: number | null;
};

export type FlowDiagnosisRow = {
  benchmark: string;
  registry: string;
  at: number;
  bytes: number;
  diagnosisJson: string;
};

export type DeskWorkRow = {
  id: string;
  campaign: string;
  round: string;
  site: string;
  registry: string;
  repository: string;
  digest: string;
  payloadBytes: number;
  idleMs: number | null;
  patienceMs: number;
  state: string;
  putAt: number;
  givenTo: string | null;
};

export type AgentRow = { name: string; site: string; seenAt: number; clockOffsetMs: number | null };

export type KeptPayloadRow = {
  id: string;
  registry: string;
  payloadBytes: number;
  repository: string;
  digest: string;
  manifest: string;
  movedBytes: number;
  at: number;
  usedAt: number;
  state: string;
};

export type ScheduleRunRow = {
  schedule: string;
  dueAt: number;
  benchmark: string | null;
  passedOver: string | null;
  detail: string | null;
};

export type FollowedScheduleRow = { schedule: string; timing: string; seenAt: number };
