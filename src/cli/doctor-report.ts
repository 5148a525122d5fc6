import type { DoctorCheck, Examined } from '../api/schema/doctor-schema.ts';

export type { DoctorCheck };
export type DoctorCheckName = DoctorCheck['check'];
export type DoctorReport = Examined;

/** Looks from this machine, with its secrets: no running service is asked. */
export type RunDoctor = (options: {
  readonly config: string;
  /** Only this one. */
  readonly registry?: string;
}) => Promise<DoctorReport>;
