import { pushes } from './0001-pushes.ts';
import { placements } from './0002-placements.ts';
import { choices } from './0003-choices.ts';
import { blobLocations } from './0004-blob-locations.ts';
import { measurements } from './0005-measurements.ts';
import { benchmarks } from './0006-benchmarks.ts';
import { tokens } from './0007-tokens.ts';
import { audit } from './0008-audit.ts';
import { notices } from './0009-notices.ts';
import { estimates } from './0010-estimates.ts';
import { pushRequests } from './0011-push-requests.ts';
import { downloads } from './0012-downloads.ts';
import { noticeMarks } from './0013-notice-marks.ts';
import { scheduleRuns } from './0014-schedule-runs.ts';
import { provisionalUploads } from './0015-provisional-uploads.ts';
import { retention } from './0016-retention.ts';
import { flowDiagnoses } from './0017-flow-diagnoses.ts';
import { congestionControl } from './0018-congestion-control.ts';
import { otherPlacements } from './0019-other-placements.ts';
import type { Migration } from './migration.ts';

/** Every step from an empty database to the schema of this program. Append only: what was released is never edited. */
export const ALL_MIGRATIONS: readonly Migration[] = [
  pushes,
  placements,
  choices,
  blobLocations,
  measurements,
  benchmarks,
  tokens,
  audit,
  notices,
  estimates,
  pushRequests,
  downloads,
  noticeMarks,
  scheduleRuns,
  provisionalUploads,
  retention,
  flowDiagnoses,
  congestionControl,
  otherPlacements,
];
