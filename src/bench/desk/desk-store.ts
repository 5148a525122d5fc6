import type { DeskWork, DownloadWork, SeenAgent } from './desk-work.ts';

/** Remembers what lies on the desk, and which agents there are. */
export type DeskStore = {
  /** Lays it on the desk. What lies there already stays as it is; what had lapsed is open again. */
  put(work: DownloadWork, nowMs: number): Promise<void>;
  find(id: string): Promise<DeskWork | undefined>;
  /** The oldest open work of the site, which is the agent's from now on; before it what it was given and has not done. */
  give(site: string, agent: string): Promise<DeskWork | undefined>;
  /** Nobody waits for it any longer. What is done stays so. */
  lapse(id: string): Promise<void>;
  finish(id: string): Promise<void>;
  noteAgent(agent: SeenAgent): Promise<void>;
  /** Newest contact first. */
  agents(): Promise<readonly SeenAgent[]>;
  /** Lapses what nobody took while it was waited for. */
  lapseOpen(): Promise<void>;
};
