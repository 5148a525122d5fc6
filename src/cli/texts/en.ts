import { enColumns } from './en-columns.ts';
import { enDoctor } from './en-doctor.ts';
import { estimateTexts } from './en-estimates.ts';
import { flowTexts } from './en-flows.ts';
import { helpTexts } from './en-help.ts';
import { enPlacements } from './en-placements.ts';
import { scheduleTexts } from './en-schedules.ts';
import { agentsText, progressText } from './en-waits.ts';

const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** What the command line says, in English. No decisions here: only words around values that are already formatted. */
export const en = {
  help: helpTexts,

  /** Of the legs of a push. */
  states: {
    queued: 'queued',
    running: 'sending',
    verifying: 'checking',
    waiting: 'waiting',
    placed: 'placed',
    failed: 'failed',
    cancelled: 'cancelled',
  } as Readonly<Record<string, string>>,

  age: {
    now: 'just now',
    minutes: (count: number) => `${count} min ago`,
    hours: (count: number) => `${count} h ago`,
    days: (count: number) => `${count} d ago`,
  },

  columns: enColumns,

  doctor: enDoctor,
  flows: flowTexts,
  placements: enPlacements,

  pullSecret: {
    written: (file: string, registries: number, expiresAt: string | null) =>
      `Wrote ${file}: ${plural(registries, 'registry', 'registries')}${expiresAt === null ? '' : `, good until ${expiresAt}`}.`,
    missing: (registry: string, reason: string) => `Nothing for ${registry}: ${reason}`,
  },

  backup: {
    written: (file: string, size: string, pushes: number) =>
      `Wrote ${file}: ${size}, ${plural(pushes, 'push', 'pushes')}. The blobs of the depot are not in it.`,
    restored: (folder: string, pushes: number) =>
      `Restored ${folder}: ${plural(pushes, 'push', 'pushes')}. Start the service to go on from there.`,
    replaced: (folder: string) => `What was there before is in ${folder}; remove it when it is not needed any more.`,
  },

  progress: {
    landed: (landed: string, total: string) => `landed ${landed} of ${total}`,
    asking: 'asking the source',
    elapsed: (duration: string) => `elapsed ${duration}`,
    planning: 'looking at what is there already',
    bytes: (moved: string, total: string) => `${moved} of ${total}`,
    ...estimateTexts,
    nextTry: (duration: string) => `next try in ${duration}`,
    nextTryNow: 'next try now',
    attempt: (count: number) => `attempt ${count}`,
    took: (duration: string) => `took ${duration}`,
    lastError: (detail: string, where: string) => `last error${where === '' ? '' : ` (${where})`}: ${detail}`,
    where: (side: string, step: string) => [side, step].filter((part) => part !== '').join(', '),
    accepted: (image: string, id: string) => `${image}: accepted as push ${id}`,
    uploading: (sent: string, total: string) => `uploading the archive: ${sent}${total === '' ? '' : ` of ${total}`}`,
    uploaded: (sent: string) => `archive uploaded (${sent}); the service is making it safe`,
    reconnecting: (reason: string) => `lost sight of the push, trying again; the push itself goes on (${reason})`,
    reconnected: 'the service answers again',
  },

  summary: {
    unchanged: (image: string) => `${image} is placed everywhere already: nothing was sent.`,
    placed: (image: string, duration: string) => `${image} is placed everywhere${duration}.`,
    partial: (image: string, placed: number, all: number, duration: string) =>
      `${image} is placed at ${placed} of ${plural(all, 'registry', 'registries')}${duration}.`,
    failed: (image: string, duration: string) => `${image} was placed nowhere${duration}.`,
    cancelled: (image: string, placed: number, all: number) =>
      `The push of ${image} was cancelled; ${placed} of ${plural(all, 'registry', 'registries')} had it by then.`,
    running: (image: string, placed: number, all: number) =>
      `${image} is placed at ${placed} of ${plural(all, 'registry', 'registries')} so far.`,
    in: (duration: string) => ` in ${duration}`,
    digest: (digest: string) => `digest ${digest}`,
    bytes: (sent: string, saved: string) => `${sent} sent, ${saved} saved because it was there already`,
    resent: (resent: string) => `${resent} sent twice after interruptions`,
    restarted: (registry: string, blobs: number) =>
      `${plural(blobs, 'blob')} began again at ${registry}: it did not keep the upload that was cut off`,
    retryHint: (id: string) => `Try what failed again: entrepot retry ${id}`,
    timedOut: (id: string, duration: string) =>
      `Push ${id} still runs after ${duration}; it goes on without being watched.`,
    interrupted: (id: string) => `Stopped watching; push ${id} goes on.`,
    watchHint: (id: string) => `Watch it: entrepot watch ${id}`,
    cancelHint: (id: string) => `Stop it:  entrepot cancel ${id}`,
    interruptedEarly: 'Stopped before the service had answered. Giving the same command again is safe.',
  },

  choose: {
    changed: (subject: string, before: string, after: string, revision: number) =>
      `${subject}: ${before} -> ${after} (revision ${revision})`,
    unchanged: (subject: string, registry: string, revision: number) =>
      `${subject}: ${registry} was chosen already (revision ${revision}); nothing changed.`,
    nothing: 'nothing chosen',
    noneInForce: (subject: string) => `${subject}: back to the default; no choice is in force for it.`,
    byDefault: (subject: string, before: string, after: string, source: string) =>
      `${subject}: ${before} -> ${after} (by default, from the ${source})`,
    sources: { image: 'image', pattern: 'pattern', configuration: 'configuration' } as Readonly<Record<string, string>>,
    carryingOver: (total: number, placed: number, registry: string) =>
      `Carrying over ${plural(total, 'release')} to ${registry}: ${placed} there, ${total - placed} to go.`,
    carriedOver: (total: number, registry: string) =>
      `${plural(total, 'release')} carried over: clusters get ${total === 1 ? 'it' : 'them'} from ${registry} now.`,
    nothingToCarry: (registry: string) => `No release has to be carried over; new ones go to ${registry}.`,
    meanwhile: (registry: string) =>
      `Until a release is complete at ${registry}, resolve keeps answering the best registry that has it, and says "fallback".`,
    backfill: (registry: string, placed: number, total: number, failed: number) =>
      `carrying over to ${registry}: ${placed} of ${total} placed${failed > 0 ? `, ${failed} failed` : ''}`,
    backfillFailed: (failed: number, total: number, registry: string) =>
      `${failed} of ${plural(total, 'release')} could not be carried over to ${registry}. See which: entrepot pushes --state failed`,
    superseded: (subject: string, registry: string, revision: number) =>
      `Somebody chose ${registry} for ${subject} meanwhile (revision ${revision}); no longer waiting.`,
    nothingRecommended: (site: string, reason: string) => `nothing is recommended for ${site}. ${reason}`,
    onlyProvisional: (registry: string, missing: string) =>
      `${registry} is recommended only provisionally: too little was measured for a decision (${missing}). Take it all the same with --recommended --provisional`,
    recommendedReason: (isFounded: boolean, reason: string) =>
      `${isFounded ? 'recommended' : 'recommended provisionally'}: ${reason}`,
    timedOut: (duration: string) => `Still carrying over after ${duration}; it goes on by itself.`,
    interrupted: 'Stopped waiting; carrying over goes on by itself.',
  },

  bench: {
    columns: {
      benchmark: 'BENCHMARK',
      state: 'STATE',
      schedule: 'SCHEDULE',
      started: 'STARTED',
      registry: 'REGISTRY',
      leg: 'LEG',
      samples: 'SAMPLES',
      rounds: 'ROUNDS',
      takes: (size: string) => `${size.toUpperCase()} TAKES`,
      within: '95 % WITHIN',
      index: 'P95/MEDIAN',
      succeeded: 'SUCCEEDED',
      goodput: 'GOODPUT',
      p10: 'P10',
      variation: 'VARIATION',
      jitter: 'JITTER',
      failed: 'FAILED',
      stalled: 'STALLED',
      trend: 'GOODPUT OVER TIME',
      verdict: 'VERDICT',
      hours: '0     6     12    18',
      worstHour: 'WORST HOUR',
    },
    legs: { upload: 'up', download: 'down' } as Readonly<Record<string, string>>,
    verdicts: {
      recommended: 'recommended',
      best: 'best today',
      steady: 'steady too',
      unsteady: 'unsteady',
      few: 'too few rounds',
      failures: 'fails too often',
      ejected: 'failing now',
      unmeasured: 'not measured',
    } as Readonly<Record<string, string>>,
    recommended: (site: string, registry: string, confidence: string) =>
      `Recommended for ${site}: ${registry} (confidence ${confidence})`,
    provisional: (site: string, registry: string, confidence: string) =>
      `Provisional for ${site}: ${registry} (confidence ${confidence})`,
    nothingRecommended: (site: string) => `Nothing can be recommended for ${site}.`,
    missing: 'A decision still needs more:',
    /** Those that count, and those that do not because a machine was busy. */
    rounds: (counted: number, busy: number) => (busy === 0 ? String(counted) : `${counted} (+${busy} busy)`),
    started: (id: string, rounds: number, registries: number, bytes: string, duration: string) =>
      `${id}: ${plural(rounds, 'round')} of ${plural(registries, 'registry', 'registries')}, ${bytes} in all; at 8 Mbit/s about ${duration}. To stop it: entrepot bench stop ${id}`,
    progress: progressText,
    ended: (id: string, state: string, rounds: number, samples: number) =>
      `${id} ${state === 'running' ? 'is still running' : `is ${state}`}: ${plural(rounds, 'round')}, ${plural(samples, 'sample')}.`,
    agents: agentsText,
    schedules: scheduleTexts,
    none: 'No benchmarks yet. Begin one: entrepot bench run',
    nothingMeasured: 'Nothing was measured.',
    period: (from: string, until: string, samples: number, payload: string, others: readonly string[]) =>
      `${from} to ${until}, ${plural(samples, 'sample')} of ${payload}${others.length === 0 ? '' : ` (--payload for ${others.join(', ')})`}`,
    hours: (timeZone: string, least: string, greatest: string) =>
      `What 90 % stay within by hour of the day (${timeZone}): ░ ${least} to █ ${greatest}`,
    worstHour: (hour: string, takes: string) => `${hour}:00, ${takes}`,
    outputWithoutFormat: '--output needs --format json, csv or html',
    jsonWithoutOutput: '--json prints JSON: give --output FILE for a report in another format',
    unwritable: (file: string, reason: string) => `cannot write the report ${file}: ${reason}`,
    written: (file: string) => `Report written to ${file}`,
  },

  resolve: {
    fallback: (registry: string, reason: string) => `fallback to ${registry}${reason === '' ? '' : `: ${reason}`}`,
    onItsWay: (id: string) => `Push ${id} is bringing it to where it should be.`,
  },

  images: {
    none: 'No image has been pushed yet. Push one: entrepot push team/app:1.0 --from SOURCE',
    noTags: 'no release yet',
    header: (name: string, choice: string) => `${name}${choice === '' ? '' : `  ${choice}`}`,
    choice: (registry: string, revision: number, source: string) =>
      `from ${registry} (${source === '' ? '' : `${source}, `}revision ${revision})`,
    nowhere: 'nowhere yet',
  },

  pushes: {
    none: 'No push matches.',
    legs: (placed: number, all: number) => `${placed}/${all}`,
    cancelled: (id: string, placed: number, all: number) =>
      `Push ${id} is cancelled; ${placed} of ${plural(all, 'registry', 'registries')} had it by then.`,
    cancelling: (id: string) => `Push ${id} is being cancelled.`,
    retrying: (id: string, count: number) => `Push ${id} runs again: ${plural(count, 'registry', 'registries')} to go.`,
  },

  usage: {
    error: (message: string) => `entrepot: ${message}`,
    help: (command: string) => `Run "${command} --help" to see how it is used.`,
    noCommand: 'say which command to run',
    unknownCommand: (name: string, near: string | undefined) =>
      `unknown command '${name}'${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    fromOrArchive: 'say where the image comes from: --from SOURCE or --archive FILE, one of the two',
    archiveOnTerminal:
      '--archive - reads the archive from standard input, which is a terminal here; pipe one into it: docker save IMAGE | entrepot push ...',
    archiveUnreadable: (file: string, reason: string) => `cannot read the archive ${file}: ${reason}`,
    label: (text: string) => `"${text}" is not a label such as commit=1a2b3c`,
    priority: (text: string, known: string) => `"${text}" is not one of ${known}`,
    limit: (text: string) => `"${text}" is not a number from 1 to 100000`,
    registryOrDefault:
      'say which registry to choose, --recommended to take what measurements advise, or --default: one of the three',
    onlyRecommended: '--provisional and --site go with --recommended',
    subjectWithTag: (subject: string, name: string) =>
      `a choice is made for an image, not for one release of it: give ${name} in place of ${subject}`,
    isFolder: 'it is a folder',
    imagesWithTag: (text: string, name: string) =>
      `"${text}" names one release; the list is of all releases of an image: ${name}`,
    resolveForm: (text: string) =>
      `"${text}" names no release: give a tag (team/app:1.2.3) or a digest (team/app@sha256:...)`,
  },

  errors: {
    line: (message: string, code: string) => `entrepot: ${message} [${code}]`,
    mistake: (path: string, detail: string) => `  ${path}: ${detail}`,
    outputLost: (reason: string) => `entrepot: what was to be written is not whole: ${reason}`,
    hint: (text: string) => `  ${text}`,
    connection: (attempt: string, reason: string) => `${attempt}: ${reason}`,
    reasons: {
      ECONNREFUSED: 'nothing listens there (connection refused)',
      ENOTFOUND: 'there is no such host',
      EAI_AGAIN: 'the host name could not be looked up',
      EHOSTUNREACH: 'the host cannot be reached',
      ENETUNREACH: 'the network cannot be reached',
      ECONNRESET: 'the connection was cut off',
      UND_ERR_SOCKET: 'the connection was cut off',
      UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
      UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
      UND_ERR_BODY_TIMEOUT: 'the answer stopped coming',
    } as Readonly<Record<string, string>>,
    noAnswer: (attempt: string, ms: number) => `${attempt}: no answer within ${Math.round(ms / 1_000)} s`,
    noContentType: 'no content type',
    notJson: (attempt: string, status: number, type: string) =>
      `${attempt}: answered ${status} with ${type} where JSON was expected; is that the address of an entrepot service?`,
    noProblem: (attempt: string, status: number, type: string) =>
      `${attempt}: answered ${status} (${type}) without saying why`,
    noDetail: (attempt: string, status: number) => `${attempt}: answered ${status}`,
    tryingAgain: (message: string, attempt: number, attempts: number) =>
      `${message}; trying again (attempt ${attempt} of ${attempts})`,
    silent: (seconds: number) => `nothing was heard for ${seconds} s`,
    streamCut: 'the stream of events ended early',
    stillRunning: (id: string) => `push ${id} had not finished when the time to wait for it was over; it goes on`,
    stillCarrying: (subject: string) =>
      `the releases of ${subject} were not all carried over when the time to wait was over; it goes on`,
    partMissing: (part: string) => `this installation lacks the part that "${part}" needs`,
    hints: {
      connect_failed: (url: string) =>
        `Start a service with "entrepot serve", or name the one to ask: export ENTREPOT_URL=https://entrepot.example (asked now: ${url})`,
      tls_failed: () => 'Is the address right? For a certificate of your own authority set ENTREPOT_CA to its file.',
      forbidden: () => 'The token is valid but may not do this; ask whoever gave it to you.',
      image_unknown: () => 'See what was pushed: entrepot images',
      tag_unknown: () => 'See the tags of an image: entrepot images NAME',
      push_unknown: () => 'See the pushes: entrepot pushes',
      benchmark_unknown: () => 'See all that was measured lately: entrepot bench report',
      not_recommended: () => 'See what was measured: entrepot bench recommend',
      already_finished: () => 'See how it ended: entrepot watch PUSH, or entrepot bench report BENCHMARK',
      source_unknown: () =>
        'SOURCE begins with one of the keys under "sources" in the service\'s configuration, such as harbor.bj/team/app:1.2.3.',
      source_denied: () =>
        'The source\'s entry (under "sources" in the service\'s configuration) does not allow it: its credentials, or where it leads.',
      idempotency_conflict: () => 'Give another --idempotency-key for another push.',
      revision_conflict: () => 'Somebody else chose meanwhile. Look first (entrepot images NAME), then choose again.',
      depot_full: () =>
        'There is no room left at the service: free space on its disk; or, where it is the depot that is full, let pushes finish or raise limits.depotBytes.',
      internal: () => "This is a defect in entrepot; the service's log says more.",
    } as Readonly<Record<string, (url: string) => string>>,
    internalHere: 'This is a defect in entrepot; please report it with the command that you gave.',
    notPlacedHint: (id: string) => `Push ${id} is bringing it. Watch it: entrepot watch ${id}`,
  },
};
